// Documents of the original, imported: the same decisions, by the same rules, with the same reasons.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <random>

#include "lib/policy/import/import.h"
#include "lib/policy/original/original.h"
#include "lib/policy/tools/set.h"

namespace agentos::policy::importing {
namespace {

Imported imported(const std::vector<Source>& sources, const Options& options = {}) {
  auto made = import_original(sources, options);
  EXPECT_TRUE(made) << made.error().message << "\n" << sources[0].text;
  return made ? std::move(*made) : Imported{};
}

std::vector<Source> sources_of(const json::Value& documents) {
  std::vector<Source> sources;
  for (const json::Value& document : documents.as_array()) {
    sources.push_back({json::write(document), "d" + std::to_string(sources.size())});
  }
  return sources;
}

Result<tools::PolicySet> compiled(std::vector<Source> sources) {
  return tools::compile_set(std::move(sources), std::make_shared<const Vocabulary>(table_vocabulary()));
}

// What the original says, in one line: whether, with a record, by which rule, why.
std::string said(const original::Answer& answer) {
  const bool audited = answer.action == original::Action::kAudit;
  return fmt::format("{}{} {} {}", answer.allowed ? "allow" : "deny", audited ? " audit" : "",
                     answer.matched_rule.value_or(answer.document.empty() ? "error" : "default"),
                     answer.allowed ? "" : answer.reason);
}

// What the imported document says, in the words of the original.
std::string said(const tools::PolicySet& set, const Imported& import, const json::Value& stated) {
  const auto request = set.read(stated);
  if (!request) return request.error().message;
  const Decision decision = set.program->decide((*request)->request());
  constexpr std::string_view kError = "Policy evaluation error \xe2\x80\x94 access denied (fail closed)";
  const bool failed = !decision.failure.empty() || decision.message == kError;
  std::string rule(decision.rule.substr(decision.rule.find('/') + 1));
  for (const Carried& one : import.carried) {
    if (one.rule == rule) {
      const std::size_t quote = one.from.find('"');
      rule = quote == std::string::npos ? one.from : json::parse(one.from.substr(quote))->as_string();
      break;
    }
  }
  const bool audited = has(decision.obligations, Obligation::kAudit);
  const bool allowed = decision.verdict == Verdict::kAllow;
  if (failed) return fmt::format("deny error {}", kError);
  return fmt::format("{}{} {} {}", allowed ? "allow" : "deny", audited ? " audit" : "", rule,
                     allowed ? "" : decision.message);
}

json::Value call_of_tool(const json::Value& context) {
  json::Object stated{{"tool", "act"}};
  json::Object arguments = context.as_object();
  if (const json::Value* name = arguments.find("tool_name"); name != nullptr && name->is_string())
    stated["tool"] = *name;
  stated["args"] = std::move(arguments);
  return stated;
}

// The recorded decisions of the original; the folder is named by AGENTOS_CONFORMANCE.
TEST(ImportOriginalConformance, every_recorded_decision_is_the_same_after_import) {
  const char* const folder = std::getenv("AGENTOS_CONFORMANCE");
  if (folder == nullptr) GTEST_SKIP() << "set AGENTOS_CONFORMANCE to the folder of recorded decisions";
  std::ifstream file(std::string(folder) + "/policy_document/decisions.jsonl");
  ASSERT_TRUE(file) << folder;
  std::size_t count = 0, as_calls = 0;
  for (std::string line; std::getline(file, line); ++count) {
    const auto recorded = json::parse(line, {.depth_max = 64});
    ASSERT_TRUE(recorded) << line;
    const json::Value& context = *recorded->find("context");
    std::vector<Source> sources = sources_of(*recorded->find("documents"));
    const bool none = sources.empty();  // the original then allows everything; there is nothing to import
    if (none) sources.push_back({"{}", "none"});
    const auto documents = original::Documents::compile(*recorded->find("documents"));
    ASSERT_TRUE(documents);
    std::string expected = said((*documents)->decide(context));
    if (none) expected = "allow default ";
    for (const Fields fields : {Fields::kOfArguments, Fields::kOfCalls}) {
      // As calls there is no request without the name of a tool.
      const json::Value* tool = context.find("tool_name");
      if (fields == Fields::kOfCalls && (tool == nullptr || !tool->is_string())) continue;
      as_calls += fields == Fields::kOfCalls ? 1 : 0;
      const Imported import = imported(sources, {.fields = fields});
      EXPECT_FALSE(import.has_losses()) << line << json::write_pretty(json::Value(import.report()));
      const auto set = compiled({{import.policy, "p"}});
      ASSERT_TRUE(set) << set.error().message << "\n" << line << "\n" << import.policy;
      EXPECT_EQ(said(*set, import, call_of_tool(context)), expected) << line << "\n" << import.policy;
    }
  }
  EXPECT_EQ(count, 500u);
  EXPECT_EQ(as_calls, 386u);
}

// Values, operators and requests that meet often, and where Python and CEL part.
class Generated {
 public:
  explicit Generated(std::uint32_t seed) : random_(seed) {}

  json::Value value(int depth = 0) {
    static const std::vector<json::Value> kValues = {
        "read", "write", "a", "",  "x.y", "it's", "\xc3\xa4", "12",  "True", "1.0", "a\nb", "read_file", "exec",    0,
        1,      2,       -3,  100, 0.0,   1.0,    1.5,        -0.25, true,   false, 1e20,   3.0,         "/state/a"};
    const int pick = number(10);
    if (depth < 2 && pick == 0) {
      json::Array list;
      for (int n = number(3); n > 0; --n) list.push_back(value(depth + 1));
      return list;
    }
    if (depth < 2 && pick == 1) {
      json::Object object;
      for (int n = number(2); n > 0; --n) object[number(2) == 0 ? "read" : "k"] = value(depth + 1);
      return object;
    }
    if (pick == 2 && number(4) == 0) return {};
    return kValues[static_cast<std::size_t>(number(static_cast<int>(kValues.size())))];
  }

  json::Value document() {
    json::Array rules;
    for (int n = number(4); n > 0; --n) {
      static const std::vector<std::string> kOperators = {"eq",  "ne", "gt",     "lt",      "gte",
                                                          "lte", "in", "not_in", "contains"};
      std::string op = kOperators[static_cast<std::size_t>(number(9))];
      json::Value wanted = value();
      if ((op == "in" || op == "not_in") && number(3) != 0) wanted = json::Array{value(), value(), value()};
      if (number(6) == 0) {
        static const std::vector<std::string> kPatterns = {
            "^r",   "\\d+", "e$",   "(?i)READ|x\\.", "\\s",   "\\w\\W", "^(read|write)_",
            "a\\b", "^$",   "T.ue", "\\['",          "1\\.0", "[^a-z]"};
        op = "matches";
        wanted = kPatterns[static_cast<std::size_t>(number(static_cast<int>(kPatterns.size())))];
      }
      json::Object rule{{"name", fmt::format("r {}", n)}, {"action", action()}, {"priority", number(3)}};
      if (number(2) == 0) rule["message"] = fmt::format("said {}", n);
      rule["condition"] = json::Object{{"field", field()}, {"operator", op}, {"value", std::move(wanted)}};
      rules.push_back(std::move(rule));
    }
    json::Object document{{"name", "g"}, {"rules", std::move(rules)}};
    if (number(2) == 0) document["defaults"] = json::Object{{"action", action()}};
    return document;
  }

  json::Value stated() {
    json::Object arguments;
    for (const char* name : {"size", "tag", "path", "x-y"}) {
      if (number(3) != 0) arguments[name] = value();
    }
    if (number(3) != 0)
      return json::Object{{"agent", "read-1"}, {"tool", number(2) == 0 ? "read" : "read_file"}, {"args", arguments}};
    return json::Object{
        {"agent", "a-1"}, {"call", number(2) == 0 ? "read" : "write"}, {"args", json::Object{{"path", "/state/a"}}}};
  }

  std::string field() {
    static const std::vector<std::string> kFields = {"size",     "tag",        "path", "x-y", "tool_name",
                                                     "agent_id", "agent_name", "call", "ring"};
    return kFields[static_cast<std::size_t>(number(static_cast<int>(kFields.size())))];
  }
  std::string action() {
    static const std::vector<std::string> kActions = {"allow", "deny", "audit", "block"};
    return kActions[static_cast<std::size_t>(number(4))];
  }
  int number(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }

 private:
  std::mt19937 random_;
};

// The kernel's own decision by the documents unchanged, beside that by the imported ones; in parts, since each compiles
// many documents.
class ImportOriginalGenerated : public ::testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Parts, ImportOriginalGenerated, ::testing::Range(1u, 6u));

TEST_P(ImportOriginalGenerated, documents_decide_the_same_in_the_kernel) {
  Generated generated(GetParam());
  std::map<std::string, int> seen;
  for (int round = 0; round < 300; ++round) {
    const json::Value documents = json::Array{generated.document(), generated.document()};
    const std::vector<Source> sources = sources_of(documents);
    const auto before = compiled(sources);
    ASSERT_TRUE(before) << before.error().message << "\n" << json::write(documents);
    const Imported import = imported(sources);
    const auto after = compiled({{import.policy, "p"}});
    ASSERT_TRUE(after) << after.error().message << "\n" << json::write(documents) << "\n" << import.policy;
    const bool loses = import.has_losses();
    const bool differs = std::ranges::any_of(import.remarks, [](const Remark& remark) {
      return remark.loss == Loss::kDiffers && remark.what == "condition" &&
             !remark.reason.contains("so does this rule");
    });
    for (int asked = 0; asked < 6; ++asked) {
      const json::Value stated = generated.stated();
      const auto one = before->read(stated), other = after->read(stated);
      ASSERT_TRUE(one && other) << json::write(stated);
      const Decision was = before->program->decide((*one)->request());
      const Decision is = after->program->decide((*other)->request());
      const bool stricter = (loses || differs) && is.verdict == Verdict::kDeny;
      EXPECT_TRUE(was.verdict == is.verdict || stricter) << json::write(stated) << "\n"
                                                         << json::write(documents) << "\n"
                                                         << import.policy << is.rule << " " << is.reason;
      if (was.verdict == is.verdict && was.verdict == Verdict::kAllow) EXPECT_EQ(was.obligations, is.obligations);
      ++seen[was.verdict != is.verdict ? "stricter" : was.verdict == Verdict::kAllow ? "allow" : "deny"];
    }
  }
  EXPECT_GT(seen["allow"], 200);
  EXPECT_GT(seen["deny"], 200);
  EXPECT_LT(seen["stricter"], 30);
}

TEST(ImportOriginal, a_rule_becomes_a_rule_with_a_clause_and_a_comment) {
  const Imported import =
      imported({{"version: '1.0'\nname: files\ndefaults: {action: deny, max_tokens: 9}\nrules:\n- name: reads\n  "
                 "action: allow\n  condition: {field: "
                 "tool_name, operator: in, value: [read_file, read]}\n- name: big\n  action: block\n  priority: 5\n  "
                 "message: Too big.\n  condition: "
                 "{field: size, operator: gt, value: 1000}\n",
                 "files.yaml"}});
  EXPECT_TRUE(import.policy.contains("# files.yaml: rule 2 \"big\"")) << import.policy;
  EXPECT_TRUE(import.policy.contains("tools: [read_file, read]")) << import.policy;
  EXPECT_TRUE(import.policy.contains("syscalls: [read]")) << import.policy;
  EXPECT_TRUE(import.policy.contains("message: Too big.")) << import.policy;
  ASSERT_EQ(import.remarks.size(), 2u);
  EXPECT_EQ(import.remarks[0].what, "defaults.max_tokens");
  EXPECT_EQ(import.remarks[0].loss, Loss::kElsewhere);
  EXPECT_EQ(import.remarks[0].where, "files.yaml:3:26");
  EXPECT_EQ(import.remarks[1].what, "action: block");
  EXPECT_FALSE(import.has_losses());
}

// Such a name is in no clause: a glob would mean something else, or nothing.
TEST(ImportOriginal, a_name_that_no_clause_can_hold_is_compared_in_a_condition) {
  for (const char* name : {"a\nb", "a*", "a?", "[a]", "!a", "{a}", "a\\b", "a\x7f"}) {
    const json::Value document = json::Object{
        {"rules",
         json::Array{json::Object{{"name", "odd"},
                                  {"action", "deny"},
                                  {"condition", json::Object{{"field", "tool_name"},
                                                             {"operator", "in"},
                                                             {"value", json::Array{name, "read", "/state/a", 0}}}}}}}};
    const Imported import = imported({{json::write(document), "p.json"}});
    EXPECT_FALSE(import.has_losses()) << import.policy;
    const auto set = compiled({{import.policy, "p"}});
    ASSERT_TRUE(set) << set.error().message << "\n" << import.policy;
    for (const char* tool : {"a", "ab", "read", "/state/a"}) {
      const json::Value stated = json::Object{{"tool", tool}, {"args", json::Object{}}};
      const bool named = std::string_view(tool) == "read" || std::string_view(tool) == "/state/a";
      EXPECT_TRUE(said(*set, import, stated).starts_with(named ? "deny odd" : "allow default")) << import.policy;
    }
  }
}

TEST(ImportOriginal, what_cannot_be_said_denies_and_is_reported) {
  json::Array many;
  for (int i = 0; i < 3000; ++i) many.push_back("value number " + std::to_string(i));
  const json::Value document = json::Object{
      {"rules",
       json::Array{json::Object{{"name", "long"},
                                {"action", "allow"},
                                {"condition", json::Object{{"field", "f"}, {"operator", "in"}, {"value", many}}}}}}};
  const Imported import = imported({{json::write(document), "p.json"}});
  EXPECT_TRUE(import.has_losses());
  ASSERT_EQ(import.remarks.size(), 1u);
  EXPECT_TRUE(import.remarks[0].reason.contains("too long")) << import.remarks[0].reason;
  const auto set = compiled({{import.policy, "p"}});
  ASSERT_TRUE(set) << set.error().message << "\n" << import.policy;
  EXPECT_TRUE(
      said(*set, import, *json::parse(R"({"tool": "t", "args": {"f": "value number 1"}})")).starts_with("deny"));
  EXPECT_TRUE(said(*set, import, *json::parse(R"({"tool": "t", "args": {}})")).starts_with("allow"));
}

TEST(ImportOriginal, what_the_original_refuses_is_refused_in_its_words) {
  const Source source{"rulez: []\n", "p.yaml"};
  const auto made = import_original({&source, 1}, {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, "p.yaml:1:1: unknown key \"rulez\" in a policy document");
}

}  // namespace
}  // namespace agentos::policy::importing
