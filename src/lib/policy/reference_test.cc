// A second evaluator, written plainly from GRAMMAR.md (no index, order or early end), agrees with the engine.
#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <set>

#include "lib/policy/fixture.h"

namespace agentos::policy {
namespace {

using fixture::Asked;

struct PlainCondition {
  std::string argument, op;
  std::vector<std::string> texts;
  std::vector<std::int64_t> integers;
};
struct PlainRule {
  std::string name, action;
  std::vector<std::string> calls, tools, agents, paths, targets;
  std::vector<int> rings;
  std::vector<PlainCondition> conditions;
  bool when = false;  // the conditions are an expression
  int priority = 0;
};
struct PlainDocument {
  std::string name;
  bool observe = false;
  int scope = 0;
  std::string combining = "deny_overrides";
  std::vector<std::string> agents;
  std::vector<PlainRule> rules;
};

// ---- the reference -----------------------------------------------------------------------------------------------

bool glob(std::string_view p, std::string_view t) {
  if (p.empty()) return t.empty();
  if (p[0] == '*') return glob(p.substr(1), t) || (!t.empty() && glob(p, t.substr(1)));
  return !t.empty() && (p[0] == '?' || p[0] == t[0]) && glob(p.substr(1), t.substr(1));
}
std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> parts;
  std::string part;
  for (char c : path.substr(1)) {
    if (c == '/') {
      parts.push_back(part);
      part.clear();
    } else {
      part += c;
    }
  }
  if (path.size() > 1) parts.push_back(part);
  return parts;
}
bool path_glob(std::span<const std::string> p, std::span<const std::string> t) {
  if (p.empty()) return t.empty();
  if (p[0] == "**") return path_glob(p.subspan(1), t) || (!t.empty() && path_glob(p, t.subspan(1)));
  return !t.empty() && glob(p[0], t[0]) && path_glob(p.subspan(1), t.subspan(1));
}
bool any_name(const std::vector<std::string>& patterns, const std::string& text) {
  for (const auto& p : patterns) {
    if (!text.empty() && glob(p, text)) return true;
  }
  return false;
}
bool any_path(const std::vector<std::string>& patterns, const std::string& path) {
  for (const auto& p : patterns) {
    if (!path.empty() && path_glob(split(p), split(path))) return true;
  }
  return false;
}
bool agent_in(const std::vector<std::string>& patterns, const Asked& q) {
  return patterns.empty() || any_name(patterns, q.name) || any_name(patterns, q.agent);
}
bool has_call(const PlainRule& r, const std::string& call) {
  for (const auto& c : r.calls) {
    if (c == "*" || c == call) return true;
  }
  return false;
}
bool paths_hold(const PlainRule& r, const Asked& q) {
  if (r.paths.empty()) return true;
  bool a = any_path(r.paths, q.path), b = any_path(r.paths, q.path_to);
  if (q.path_to.empty()) return a;
  return r.action == "allow" ? a && b : a || b;
}
bool targets_hold(const PlainRule& r, const Asked& q) {
  if (r.targets.empty()) return true;
  for (const auto& t : r.targets) {
    if (t == "none"        ? q.target.empty()
        : q.target.empty() ? false
        : t == "self"      ? q.target == q.agent
        : t == "children"  ? !q.agent.empty() && q.target_parent == q.agent
        : t == "parent"    ? q.target == q.parent
                           : glob(t, q.target)) {
      return true;
    }
  }
  return false;
}
enum class Three { kNo, kYes, kError };
Three condition_holds(const PlainCondition& c, const Asked& q) {
  auto found = q.arguments.values.find(c.argument);
  if (found == q.arguments.values.end()) return Three::kNo;
  if (!c.texts.empty()) {
    const auto* text = std::get_if<std::string>(&found->second);
    if (text == nullptr) return Three::kError;
    for (const auto& t : c.texts) {
      if (c.op == "prefix" ? text->rfind(t, 0) == 0 : *text == t) return Three::kYes;
    }
    return Three::kNo;
  }
  const auto* value = std::get_if<std::int64_t>(&found->second);
  if (value == nullptr) return Three::kError;
  for (std::int64_t n : c.integers) {
    bool yes = c.op == "less_than"      ? *value < n
               : c.op == "greater_than" ? *value > n
               : c.op == "at_most"      ? *value <= n
               : c.op == "at_least"     ? *value >= n
                                        : *value == n;
    if (yes) return Three::kYes;
  }
  return Three::kNo;
}
// As an expression: absent is an error, another type is not equal, and cannot be ordered or have a beginning.
Three expression_holds(const PlainCondition& c, const Asked& q) {
  if (!q.arguments.values.contains(c.argument)) return Three::kError;
  const Three held = condition_holds(c, q);
  return held == Three::kError && (c.op == "equals" || c.op == "in") ? Three::kNo : held;
}
Three rule_holds(const PlainDocument& d, const PlainRule& r, const Asked& q) {
  bool ring = r.rings.empty();
  for (int n : r.rings) ring = ring || n == q.ring;
  if (!has_call(r, q.call) || !ring || !agent_in(d.agents, q) || !agent_in(r.agents, q) || !paths_hold(r, q) ||
      !targets_hold(r, q) || (!r.tools.empty() && !any_name(r.tools, q.tool))) {
    return Three::kNo;
  }
  bool error = false;
  for (const auto& c : r.conditions) {
    Three held = r.when ? expression_holds(c, q) : condition_holds(c, q);
    if (held == Three::kNo) return Three::kNo;
    error = error || held == Three::kError;
  }
  return error ? Three::kError : Three::kYes;
}
int strength(const std::string& action) { return action == "deny" ? 2 : action == "ask" ? 1 : 0; }

struct Answer {
  std::string action, rule;
};
int literal(const std::vector<std::string>& globs) {
  if (globs.empty()) return 0;
  for (const auto& g : globs) {
    if (g.find_first_of("*?") != std::string::npos) return 1;
  }
  return 2;
}
int depth_of(const std::vector<std::string>& globs) {
  int least = globs.empty() ? 0 : 63;
  for (const auto& g : globs) {
    int depth = 1;
    bool fixed = true;
    for (const auto& part : split(g)) {
      if (part.find_first_of("*?") != std::string::npos) fixed = false;
      if (!fixed) break;
      ++depth;
    }
    least = std::min(least, depth + (fixed ? 1 : 0));
  }
  return least;
}
std::vector<int> specific(const PlainRule& r) {
  const int clauses =
      static_cast<int>(r.when ? 1 : r.conditions.size()) + (r.targets.empty() ? 0 : 1) + (r.rings.empty() ? 0 : 1);
  bool any = false;
  for (const auto& c : r.calls) any = any || c == "*";
  return {literal(r.agents), literal(r.tools), depth_of(r.paths), clauses, any ? 0 : 1};
}

// Every rule that applies has a key; the greatest decides, of equals the first written.
std::optional<Answer> document_says(const PlainDocument& d, const Asked& q) {
  std::optional<Answer> best;
  std::vector<int> best_key;
  for (const auto& r : d.rules) {
    Three held = rule_holds(d, r, q);
    if (held == Three::kNo) continue;
    const bool error = held == Three::kError;
    const int rank = r.action == "deny" ? 3 : error ? 2 : strength(r.action);
    std::vector<int> key = {rank, r.priority};
    if (d.combining == "allow_overrides") key = {error ? 3 : 2 - strength(r.action), r.priority};
    if (d.combining == "priority_first_match") key = {r.priority, rank};
    if (d.combining == "most_specific_wins") {
      key = specific(r);
      key.insert(key.end(), {rank, r.priority});
    }
    if (best && key <= best_key) continue;
    best = Answer{error ? "deny" : r.action, d.name + "/" + r.name};
    best_key = key;
  }
  return best;
}
// Denies count from every scope; allows only from the broadest that has a document for this agent, and asks only when
// that one allows or asks.
std::optional<Answer> set_says(const std::vector<PlainDocument>& set, bool observe, const Asked& q) {
  int broadest = 4;
  for (const auto& d : set) {
    if (d.observe == observe && agent_in(d.agents, q)) broadest = std::min(broadest, d.scope);
  }
  std::optional<Answer> best;
  bool answered = false;
  for (const auto& d : set) {
    if (d.observe != observe) continue;
    auto one = document_says(d, q);
    if (!one) continue;
    if (d.scope == broadest) answered = answered || one->action != "deny";
    if (d.scope != broadest && one->action == "allow") continue;
    if (!best || strength(one->action) > strength(best->action)) best = one;
  }
  return best && (best->action == "deny" || answered) ? best : std::nullopt;
}
struct Expected {
  std::string action, rule;
  bool would = false;
};
Expected reference(const std::vector<PlainDocument>& set, const Asked& q) {
  auto enforced = set_says(set, false, q), observed = set_says(set, true, q);
  bool enforcing = false, observing = false;
  for (const auto& d : set) (d.observe ? observing : enforcing) |= agent_in(d.agents, q);
  if (enforcing || !observing) {
    if (!enforced) return {"deny", "default-deny"};
    return {enforced->action, enforced->rule, enforced->action == "allow" && observed && observed->action != "allow"};
  }
  if (!observed) return {"allow", "default-deny", true};
  return {"allow", observed->rule, observed->action != "allow"};
}

// ---- random programs and requests --------------------------------------------------------------------------------

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  std::vector<PlainDocument> set() {
    std::vector<PlainDocument> documents(1 + below(3));
    for (std::size_t i = 0; i < documents.size(); ++i) {
      PlainDocument& d = documents[i];
      d.name = "p" + std::to_string(i);
      d.observe = one_in(5);
      if (one_in(4)) d.scope = static_cast<int>(below(4));
      d.combining =
          pick({"deny_overrides", "deny_overrides", "allow_overrides", "priority_first_match", "most_specific_wins"});
      if (one_in(4)) d.agents = some(kAgents);
      for (std::size_t n = below(9); n > 0; --n) d.rules.push_back(rule("r" + std::to_string(n)));
    }
    return documents;
  }

  Asked request() {
    Asked q{.call = pick({"read", "write", "exec", "signal", "rename"})};
    q.agent = pick({"a-1", "a-2", "b-1", "demo"});
    q.name = pick({"a", "b", "demo"});
    q.parent = pick({"", "a-1", "b-1"});
    q.ring = static_cast<int>(below(4));
    if (!one_in(3)) q.tool = pick({"echo", "git_push", "git_pull", "rm"});
    if (!one_in(4)) q.path = path();
    if (one_in(3)) q.path_to = path();
    if (one_in(2)) q.target = pick({"a-1", "a-2", "b-1", "demo"});
    if (one_in(2)) q.target_parent = pick({"a-1", "b-1", "demo"});
    for (const char* name : {"n", "s"}) {
      if (one_in(4)) continue;
      const std::size_t kind = below(8);
      if (kind == 0) {
        q.arguments.values[name];
      } else if ((kind == 1) != (*name == 'n')) {
        q.arguments.values[name] = static_cast<std::int64_t>(below(6));
      } else {
        q.arguments.values[name] = pick({"x", "xy", "y", "z"});
      }
    }
    return q;
  }

 private:
  static constexpr std::initializer_list<const char*> kAgents = {"a", "b", "demo", "a-*", "?-1", "*", "a-2"};

  std::size_t below(std::size_t n) { return random_() % n; }
  bool one_in(std::size_t n) { return below(n) == 0; }
  std::string pick(std::initializer_list<const char*> words) { return words.begin()[below(words.size())]; }
  std::vector<std::string> some(std::initializer_list<const char*> words) {
    std::vector<std::string> found;
    for (std::size_t n = 1 + below(2); n > 0; --n) found.push_back(pick(words));
    return found;
  }
  std::string path() {
    std::string text;
    for (std::size_t n = below(4); n > 0; --n) text += "/" + pick({"m", "p", "ma", "x.txt"});
    return text.empty() ? "/" : text;
  }
  PlainCondition condition() {
    PlainCondition c{.argument = pick({"n", "s"}), .op = {}, .texts = {}, .integers = {}};
    if (c.argument == "n") {
      c.op = pick({"equals", "in", "less_than", "greater_than", "at_most", "at_least"});
      for (std::size_t n = c.op == "in" ? 1 + below(3) : 1; n > 0; --n) c.integers.push_back(below(6));
    } else {
      c.op = pick({"equals", "in", "prefix"});
      for (std::size_t n = c.op == "in" ? 1 + below(3) : 1; n > 0; --n) c.texts.push_back(pick({"x", "xy", "y", "z"}));
    }
    return c;
  }
  PlainRule rule(std::string name) {
    PlainRule r;
    r.name = std::move(name);
    r.action = pick({"allow", "allow", "allow", "deny", "ask"});
    r.priority = static_cast<int>(below(3)) - 1;
    if (one_in(4)) {
      r.calls = {"exec"};
      r.tools = some({"echo", "git_push", "rm", "git_*", "*"});
    } else {
      r.calls = some({"read", "write", "signal", "rename", "exec", "*"});
    }
    if (one_in(3)) r.paths = some({"/m/**", "/m/*", "/**/x.txt", "/m/p", "/", "/p/m*", "/**", "/m?", "/*/p/**"});
    if (one_in(4)) r.agents = some(kAgents);
    if (one_in(4)) r.targets = some({"self", "children", "parent", "none", "a-*", "b-1"});
    if (one_in(5)) r.rings = {static_cast<int>(below(4)), static_cast<int>(below(4))};
    if (one_in(3)) r.conditions.push_back(condition());
    if (one_in(6) && r.conditions.size() == 1) {
      PlainCondition other = condition();
      if (other.argument != r.conditions[0].argument) r.conditions.push_back(other);
    }
    r.when = !r.conditions.empty() && one_in(2);
    return r;
  }
  std::mt19937 random_;
};

std::string list(const std::vector<std::string>& words) {
  std::string text = "[";
  for (const auto& word : words) text += (text.size() > 1 ? ", \"" : "\"") + word + "\"";
  return text + "]";
}
std::string conditions(const PlainRule& r) {
  std::string text = "{";
  for (const auto& c : r.conditions) {
    std::vector<std::string> values = c.texts;
    for (auto& value : values) value = "\"" + value + "\"";
    for (auto n : c.integers) values.push_back(std::to_string(n));
    std::string operand = values[0];
    if (c.op == "in") {
      operand = "[";
      for (const auto& value : values) operand += (operand.size() > 1 ? ", " : "") + value;
      operand += "]";
    }
    text += (text.size() > 1 ? ", " : "") + c.argument + ": {" + c.op + ": " + operand + "}";
  }
  return text + "}";
}
std::string expression(const PlainRule& r) {
  std::string text;
  for (const auto& c : r.conditions) {
    if (!text.empty()) text += " && ";
    const std::string argument = "args." + c.argument;
    std::vector<std::string> values;
    for (const auto& value : c.texts) values.push_back("\"" + value + "\"");
    for (auto n : c.integers) values.push_back(std::to_string(n));
    if (c.op == "in") {
      std::string all;
      for (const auto& value : values) all += (all.empty() ? "" : ", ") + value;
      text += argument + " in [" + all + "]";
    } else if (c.op == "prefix") {
      text += argument + ".startsWith(" + values[0] + ")";
    } else {
      const char* op = c.op == "equals"         ? " == "
                       : c.op == "less_than"    ? " < "
                       : c.op == "greater_than" ? " > "
                       : c.op == "at_most"      ? " <= "
                                                : " >= ";
      text += argument + op + values[0];
    }
  }
  return text;
}
std::string write(const PlainDocument& d) {
  std::string spec, rules;
  spec += "  combining: " + d.combining + "\n";
  if (d.scope > 0)
    spec += std::string("  scope: ") + (d.scope == 1 ? "tenant" : d.scope == 2 ? "organization" : "agent") + "\n";
  if (!d.agents.empty()) spec += "  agents: " + list(d.agents) + "\n";
  if (d.observe) spec += "  mode: observe\n";
  for (const auto& r : d.rules) {
    rules += "    - {name: " + r.name + ", syscalls: " + list(r.calls) + ", action: " + r.action +
             ", priority: " + std::to_string(r.priority);
    if (!r.tools.empty()) rules += ", tools: " + list(r.tools);
    if (!r.agents.empty()) rules += ", agents: " + list(r.agents);
    if (!r.paths.empty()) rules += ", paths: " + list(r.paths);
    if (!r.targets.empty()) rules += ", targets: " + list(r.targets);
    if (r.when) rules += ", when: '" + expression(r) + "'";
    if (!r.when && !r.conditions.empty()) rules += ", arguments: " + conditions(r);
    if (!r.rings.empty()) rules += ", rings: [" + std::to_string(r.rings[0]) + ", " + std::to_string(r.rings[1]) + "]";
    rules += "}\n";
  }
  return fixture::document(d.name, rules.empty() ? "    []\n" : rules, spec);
}

std::string action_of(Verdict v) { return v == Verdict::kAllow ? "allow" : v == Verdict::kAsk ? "ask" : "deny"; }

void expect_explained(const Program& program, const Asked& asked, const Decision& decision) {
  json::Value why = program.explain(asked.request());
  ASSERT_EQ(why.string_or("verdict", ""), action_of(decision.verdict));
  ASSERT_EQ(why.string_or("rule", ""), decision.rule);
  for (const json::Value& clause : why.find("clauses")->as_array()) {
    ASSERT_TRUE(clause.bool_or("matched", false) || clause.find("error") != nullptr) << json::write(why);
  }
  ASSERT_EQ(why.find("allow_with") != nullptr, decision.verdict == Verdict::kDeny);
}

TEST(Reference, agrees_with_the_engine_on_random_programs_and_requests) {
  constexpr int kPrograms = 2'000;
  constexpr int kRequests = 500;
  Generator generator(20'261);
  std::map<std::string, int> seen;
  for (int p = 0; p < kPrograms; ++p) {
    std::vector<PlainDocument> set = generator.set();
    std::vector<std::string> texts;
    for (const auto& d : set) texts.push_back(write(d));
    auto program = fixture::compile(texts);
    ASSERT_TRUE(program) << program.error().message << "\n" << texts[0];
    for (int i = 0; i < kRequests; ++i) {
      const Asked asked = generator.request();
      const Expected expected = reference(set, asked);
      const Decision decision = (*program)->decide(asked.request());
      auto where = [&] { return json::write((*program)->explain(asked.request())) + "\n" + texts[0]; };
      ASSERT_EQ(action_of(decision.verdict), expected.action) << where();
      ASSERT_EQ(decision.reason.starts_with("would "), expected.would) << where();
      ASSERT_EQ(decision.rule, expected.rule) << where();
      ++seen[expected.action + (expected.would ? " would" : "") + (expected.rule == "default-deny" ? " default" : "")];
      if (i % 50 == 0) expect_explained(**program, asked, decision);
      if (HasFatalFailure()) return;
    }
  }
  for (const char* kind : {"allow", "deny", "ask", "deny default", "allow would", "allow would default"}) {
    EXPECT_GT(seen[kind], 1'000) << kind;
  }
}

}  // namespace
}  // namespace agentos::policy
