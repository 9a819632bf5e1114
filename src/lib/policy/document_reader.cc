// YAML or JSON text to a Document, in the order of the grammar's page: envelope, metadata, spec, rules.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/crypto/hash.h"
#include "lib/policy/condition_reader.h"
#include "lib/policy/document.h"
#include "lib/policy/limits.h"
#include "lib/policy/node_reader.h"

namespace agentos::policy {

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAllow:
      return "allow";
    case Verdict::kAsk:
      return "ask";
    case Verdict::kDeny:
      break;
  }
  return "deny";
}

namespace {
struct ObligationWord {
  std::string_view name;
  Obligation flag;
};
constexpr ObligationWord kObligations[] = {{"audit", Obligation::kAudit},
                                           {"notify", Obligation::kNotify},
                                           {"kill", Obligation::kKill},
                                           {"signal", Obligation::kSignal}};
}  // namespace

std::vector<std::string_view> obligation_names(Obligation obligations) {
  std::vector<std::string_view> names;
  for (const ObligationWord& word : kObligations) {
    if (has(obligations, word.flag)) names.push_back(word.name);
  }
  return names;
}

namespace {

using Kind = yaml::Node::Kind;

class DocumentReader {
 public:
  DocumentReader(const Source& source, const Vocabulary& vocabulary, Complaints& complaints)
      : source_(source), vocabulary_(vocabulary), complaints_(complaints), read_(complaints) {
    for (const auto& call : vocabulary.calls) call_names_.push_back(call.name);
  }

  Document read(const yaml::Node& root) {
    document_.file = source_.file;
    document_.digest = "sha256:" + crypto::hex(crypto::sha256(source_.text));
    if (root.kind != Kind::kMapping) {
      complaints_.add(root.mark, fmt::format("a policy document is a mapping, not a {}", root.kind_name()),
                      "start with \"apiVersion: agentos/v1\"");
      return std::move(document_);
    }
    read_.only_keys(root, "a policy document", {"apiVersion", "kind", "metadata", "spec"});
    constant(root, "apiVersion", "agentos/v1");
    constant(root, "kind", "Policy");
    if (const yaml::Node* metadata = read_.mapping(root, "metadata", "a policy document")) read_metadata(*metadata);
    if (const yaml::Node* spec = read_.mapping(root, "spec", "a policy document")) read_spec(*spec);
    return std::move(document_);
  }

 private:
  void constant(const yaml::Node& root, std::string_view key, std::string_view value) {
    const yaml::Node* node = root.find(key);
    if (node == nullptr) {
      complaints_.add(root.mark, fmt::format("a policy document has no \"{}\"", key),
                      fmt::format("add \"{}: {}\"", key, value));
    } else if (node->kind != Kind::kString || node->text != value) {
      complaints_.add(node->mark, fmt::format("\"{}\" must be {}", key, value));
    }
  }

  void read_metadata(const yaml::Node& metadata) {
    read_.only_keys(metadata, "metadata", {"name", "summary"});
    const yaml::Node* name = metadata.find("name");
    if (name == nullptr) {
      complaints_.add(metadata.mark, "metadata has no \"name\"", "add \"name: my-policy\"");
    } else {
      document_.name = read_.name(*name, "name");
      document_.name_mark = name->mark;
    }
    if (const yaml::Node* summary = metadata.find("summary")) {
      document_.summary = read_.text(*summary, "summary", kSentenceBytesMax);
    }
  }

  void read_spec(const yaml::Node& spec) {
    read_.only_keys(spec, "spec", {"agents", "mode", "rules"});
    if (const yaml::Node* agents = spec.find("agents")) {
      document_.agents = read_.globs(*agents, "agents", Glob::Style::kName);
    }
    if (const yaml::Node* mode = spec.find("mode")) {
      if (read_.word(*mode, "mode", {"enforce", "observe"}) == 1) document_.mode = Mode::kObserve;
    }
    const yaml::Node* rules = read_.list(spec, "rules", "spec");
    if (rules == nullptr) return;
    if (rules->items.size() > kRulesMax) {
      complaints_.add(rules->mark, fmt::format("{} rules are too many", rules->items.size()),
                      fmt::format("at most {} in a set", kRulesMax));
      return;
    }
    document_.rules.reserve(rules->items.size());
    for (const yaml::Node& node : rules->items) read_rule(node);
  }

  void read_rule(const yaml::Node& node) {
    if (!read_.is(node, Kind::kMapping, "a rule")) return;
    read_.only_keys(node, "a rule",
                    {"name", "syscalls", "tools", "agents", "paths", "targets", "rings", "arguments", "action",
                     "obligations", "priority", "message", "reason", "ask"});
    Rule rule;
    rule.order = static_cast<std::uint32_t>(document_.rules.size());
    rule.place = fmt::format("{}:{}:{}", source_.file, node.mark.line, node.mark.column);
    read_rule_name(node, rule);
    read_action(node, rule);
    read_calls(node, rule);
    read_tools(node, rule);
    if (const yaml::Node* agents = node.find("agents")) {
      rule.agents = read_.globs(*agents, "agents", Glob::Style::kName);
    }
    if (const yaml::Node* paths = node.find("paths")) rule.paths = read_.globs(*paths, "paths", Glob::Style::kPath);
    if (const yaml::Node* targets = node.find("targets")) read_targets(*targets, rule);
    if (const yaml::Node* rings = node.find("rings")) read_rings(*rings, rule);
    if (const yaml::Node* priority = node.find("priority")) {
      rule.priority = static_cast<std::int32_t>(read_.integer(*priority, "priority", -kPriorityMax, kPriorityMax));
    }
    rule.id = fmt::format("{}/{}", document_.name, rule.name);
    if (const yaml::Node* arguments = node.find("arguments")) {
      rule.conditions = read_conditions(read_, *arguments, fmt::format("rule {} ({})", rule.id, rule.place));
      rule.fallible = !rule.conditions.empty();
    }
    read_sentences(node, rule);
    document_.rules.push_back(std::move(rule));
  }

  void read_rule_name(const yaml::Node& node, Rule& rule) {
    const yaml::Node* name = node.find("name");
    if (name == nullptr) {
      complaints_.add(node.mark, "a rule has no \"name\"", "add \"name: ...\"; decisions and records name it");
      return;
    }
    rule.name = read_.name(*name, "name");
    if (!rule.name.empty() && !names_.insert(rule.name).second) {
      complaints_.add(name->mark, fmt::format("a second rule is named \"{}\"", rule.name),
                      "names are unique in a policy");
    }
  }

  void read_action(const yaml::Node& node, Rule& rule) {
    const yaml::Node* action = node.find("action");
    if (action == nullptr) {
      complaints_.add(node.mark, "a rule has no \"action\"", "add \"action: allow\", deny or ask");
      return;
    }
    constexpr Verdict kVerdicts[] = {Verdict::kAllow, Verdict::kDeny, Verdict::kAsk};
    int word = read_.word(*action, "action", {"allow", "deny", "ask"});
    if (word >= 0) rule.action = kVerdicts[word];
    if (const yaml::Node* obligations = node.find("obligations")) {
      for (const yaml::Node* item : read_.strings(*obligations, "obligations")) {
        int which = read_.word(*item, "obligation", {"audit", "notify", "kill", "signal"});
        if (which < 0) continue;
        rule.obligations = rule.obligations | kObligations[which].flag;
        if (kObligations[which].flag == Obligation::kKill && word >= 0 && rule.action != Verdict::kDeny) {
          complaints_.add(item->mark, "obligation \"kill\" goes with action deny only");
        }
      }
    }
    read_ask(node, rule);
  }

  void read_ask(const yaml::Node& node, Rule& rule) {
    if (rule.action == Verdict::kAsk) rule.ask_timeout_ms = kAskTimeoutDefaultMs;
    const yaml::Node* ask = node.find("ask");
    if (ask == nullptr) return;
    if (rule.action != Verdict::kAsk) {
      complaints_.add(ask->mark, "\"ask\" is only for a rule with action ask");
      return;
    }
    if (!read_.is(*ask, Kind::kMapping, "ask")) return;
    read_.only_keys(*ask, "ask", {"timeout"});
    if (const yaml::Node* timeout = ask->find("timeout")) {
      rule.ask_timeout_ms = read_.duration_ms(*timeout, "timeout", kAskTimeoutMinMs, kAskTimeoutMaxMs);
    }
  }

  void read_calls(const yaml::Node& node, Rule& rule) {
    const yaml::Node* calls = node.find("syscalls");
    if (calls == nullptr) {
      complaints_.add(node.mark, "a rule has no \"syscalls\"", "add \"syscalls: [read, ...]\" or [\"*\"]");
      return;
    }
    for (const yaml::Node* item : read_.strings(*calls, "syscalls")) {
      rule.call_names.push_back(item->text);
      if (item->text == "*") {
        rule.any_call = true;
        continue;
      }
      int which = read_.word(*item, "syscall", call_names_);
      if (which >= 0) rule.calls.push_back(vocabulary_.calls[static_cast<std::size_t>(which)].number);
    }
    std::ranges::sort(rule.calls);
    rule.calls.erase(std::ranges::unique(rule.calls).begin(), rule.calls.end());
  }

  void read_tools(const yaml::Node& node, Rule& rule) {
    const yaml::Node* tools = node.find("tools");
    if (tools == nullptr) return;
    rule.tools = read_.globs(*tools, "tools", Glob::Style::kName);
    for (const std::string& call : rule.call_names) {
      if (call == "exec") continue;
      complaints_.add(tools->mark, fmt::format("\"tools\" is only for exec, but the rule also names \"{}\"", call),
                      "write syscalls: [exec], and a second rule for the rest");
      return;
    }
  }

  void read_targets(const yaml::Node& node, Rule& rule) {
    Targets& targets = rule.targets;
    for (const yaml::Node* item : read_.strings(node, "targets")) {
      targets.patterns.push_back(item->text);
      if (item->text == "self") {
        targets.self = true;
      } else if (item->text == "children") {
        targets.children = true;
      } else if (item->text == "parent") {
        targets.parent = true;
      } else if (item->text == "none") {
        targets.nobody = true;
      } else if (Result<Glob> glob = Glob::compile(item->text, Glob::Style::kName)) {
        targets.globs.push_back(std::move(*glob));
      } else {
        complaints_.add(item->mark, fmt::format("targets: {}", glob.error().message), glob.error().hint);
      }
    }
  }

  void read_rings(const yaml::Node& node, Rule& rule) {
    if (!read_.is(node, Kind::kSequence, "rings")) return;
    if (node.items.empty()) complaints_.add(node.mark, "\"rings\" is an empty list, which nothing matches");
    rule.rings = 0;
    for (const yaml::Node& item : node.items) {
      rule.rings |= static_cast<std::uint8_t>(1u << read_.integer(item, "an entry of rings", 0, kRingMax));
    }
  }

  void read_sentences(const yaml::Node& node, Rule& rule) {
    std::string_view verb = rule.action == Verdict::kAllow ? "allowed by rule"
                            : rule.action == Verdict::kAsk ? "approval asked for by rule"
                                                           : "denied by rule";
    rule.reason = fmt::format("{} {} ({})", verb, rule.id, rule.place);
    if (const yaml::Node* reason = node.find("reason")) {
      rule.reason += fmt::format(": {}", read_.text(*reason, "reason", kSentenceBytesMax));
    }
    if (rule.action != Verdict::kAllow) {
      rule.would = fmt::format("would {}: {}", verdict_name(rule.action), rule.reason);
    }
    if (const yaml::Node* message = node.find("message")) {
      rule.message = read_.text(*message, "message", kSentenceBytesMax);
    } else if (rule.action == Verdict::kDeny) {
      rule.message = "Policy denies this call; getpolicy shows what is allowed.";
    } else if (rule.action == Verdict::kAsk) {
      rule.message = "This call needs a person's approval.";
    }
  }

  const Source& source_;
  const Vocabulary& vocabulary_;
  Complaints& complaints_;
  NodeReader read_;
  std::vector<std::string_view> call_names_;
  std::set<std::string> names_;
  Document document_;
};

}  // namespace

Result<Document> read_document(const Source& source, const Vocabulary& vocabulary) {
  if (source.text.size() > kDocumentBytesMax) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}:1:1: a policy document of {} octets is too large", source.file, source.text.size()),
                fmt::format("at most {}; split it", kDocumentBytesMax));
  }
  yaml::Node root = TRY(yaml::parse(source.text, source.file, {.bytes_max = kDocumentBytesMax}));
  Complaints complaints(source.file);
  Document document = DocumentReader(source, vocabulary, complaints).read(root);
  if (!complaints.empty()) return complaints.first();
  return document;
}

}  // namespace agentos::policy
