// Rules: name, phase, mode, clauses, action, obligations and sentences.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "lib/policy/keys.h"
#include "lib/policy/limits.h"
#include "lib/policy/reading.h"
#include "lib/policy/redaction.h"

namespace agentos::policy {
namespace {

using Kind = yaml::Node::Kind;

struct ObligationWord {
  std::string_view name;
  Obligation flag;
};
constexpr ObligationWord kObligations[] = {{"audit", Obligation::kAudit},   {"notify", Obligation::kNotify},
                                           {"kill", Obligation::kKill},     {"signal", Obligation::kSignal},
                                           {"redact", Obligation::kRedact}, {"transform", Obligation::kTransform},
                                           {"label", Obligation::kLabel}};

void read_labels(Reading& reading, const yaml::Node& node, Rule& rule) {
  for (const yaml::Node* item : reading.read.strings(node, "label")) {
    if (item->text.empty() || item->text.size() > kLabelBytesMax || rule.details.labels.size() == kLabelsMax) {
      reading.complaints.add(item->mark, "a label is too long, or there are too many",
                             fmt::format("1 to {} octets, at most {} a rule", kLabelBytesMax, kLabelsMax));
      return;
    }
    rule.details.labels.push_back(item->text);
  }
}

void read_redaction(Reading& reading, const yaml::Node& node, Rule& rule) {
  if (!reading.read.is(node, Kind::kMapping, "redact")) return;
  reading.read.only_keys(node, "redact", key_names(Where::kRedact));
  RedactionSpec spec;
  if (const yaml::Node* members = node.find("members")) {
    for (const yaml::Node* item : reading.read.strings(*members, "members")) spec.members.push_back(item->text);
  }
  if (const yaml::Node* matching = node.find("matching")) {
    spec.pattern = reading.read.text(*matching, "matching", kValueBytesMax);
  }
  if (const yaml::Node* with = node.find("with")) spec.with = reading.read.text(*with, "with", kLabelBytesMax);
  auto redaction = Redaction::compile(std::move(spec));
  if (!redaction) {
    reading.complaints.add(node.mark, fmt::format("redact: {}", redaction.error().message), redaction.error().hint);
    return;
  }
  rule.details.redactions.push_back(std::make_shared<const Redaction>(std::move(*redaction)));
}

void read_transform(Reading& reading, const yaml::Node& node, Rule& rule) {
  if (!reading.read.is(node, Kind::kMapping, "transform")) return;
  if (rule.phase != Phase::kCall) {
    reading.complaints.add(node.mark, "\"transform\" changes arguments, which only the phase call can",
                           "use redact for results");
    return;
  }
  for (const auto& entry : node.entries) {
    auto value = reading.expression(entry.value, "transform",
                                    attributes_for(reading.vocabulary, rule.phase, rule, reading.tables->as_object()),
                                    Wanted::kAnyValue);
    if (value != nullptr) rule.details.transforms.push_back({entry.key, std::move(value)});
  }
}

void read_obligation(Reading& reading, const yaml::Node& item, Rule& rule) {
  if (item.kind == Kind::kString) {
    const int which = reading.read.word(item, "obligation", key_words(Where::kRule, "obligations"));
    if (which < 0) return;
    const Obligation flag = kObligations[which].flag;
    rule.obligations = rule.obligations | flag;
    if ((flag == Obligation::kKill || flag == Obligation::kSignal) && rule.action != Verdict::kDeny) {
      reading.complaints.add(item.mark,
                             fmt::format("obligation \"{}\" goes with action deny only", kObligations[which].name));
    }
    return;
  }
  if (item.kind != Kind::kMapping || item.entries.size() != 1) {
    reading.complaints.add(item.mark, "an obligation is a word, or a mapping with one key",
                           "audit, notify, signal, kill, {label: [...]}, {redact: {...}}, {transform: {...}}");
    return;
  }
  const auto& entry = item.entries.front();
  if (rule.action == Verdict::kDeny) {
    reading.complaints.add(item.mark, fmt::format("obligation \"{}\" does not go with action deny", entry.key),
                           "what is denied is neither carried out nor answered");
    return;
  }
  if (entry.key == "label") {
    rule.obligations = rule.obligations | Obligation::kLabel;
    read_labels(reading, entry.value, rule);
  } else if (entry.key == "redact") {
    rule.obligations = rule.obligations | Obligation::kRedact;
    read_redaction(reading, entry.value, rule);
  } else if (entry.key == "transform") {
    rule.obligations = rule.obligations | Obligation::kTransform;
    read_transform(reading, entry.value, rule);
  } else {
    reading.complaints.add(entry.mark, fmt::format("unknown obligation \"{}\"", entry.key),
                           suggest(entry.key, key_names(Where::kObligation)));
  }
}

void read_ask(Reading& reading, const yaml::Node& node, Rule& rule) {
  if (rule.action == Verdict::kAsk) rule.ask_timeout_ms = kAskTimeoutDefaultMs;
  const yaml::Node* ask = node.find("ask");
  if (ask == nullptr) return;
  if (rule.action != Verdict::kAsk) {
    reading.complaints.add(ask->mark, "\"ask\" is only for a rule with action ask");
    return;
  }
  if (!reading.read.is(*ask, Kind::kMapping, "ask")) return;
  reading.read.only_keys(*ask, "ask", key_names(Where::kAsk));
  if (const yaml::Node* timeout = ask->find("timeout")) {
    rule.ask_timeout_ms = reading.read.duration_ms(*timeout, "timeout", kAskTimeoutMinMs, kAskTimeoutMaxMs);
  }
  if (const yaml::Node* approvers = ask->find("approvers")) {
    for (const yaml::Node* item : reading.read.strings(*approvers, "approvers")) {
      rule.details.approvers.push_back(reading.read.name(*item, "an entry of approvers"));
    }
    if (rule.details.approvers.size() > kApproversMax) {
      reading.complaints.add(approvers->mark, "there are too many approvers", fmt::format("at most {}", kApproversMax));
    }
  }
}

void read_sentences(Reading& reading, const yaml::Node& node, Rule& rule) {
  std::string_view verb = rule.action == Verdict::kAllow ? "allowed by rule"
                          : rule.action == Verdict::kAsk ? "approval asked for by rule"
                                                         : "denied by rule";
  if (rule.mode == Mode::kFreeze) verb = "frozen by rule";
  rule.reason = fmt::format("{} {} ({})", verb, rule.id, rule.place);
  if (const yaml::Node* reason = node.find("reason")) {
    rule.reason += fmt::format(": {}", reading.read.text(*reason, "reason", kSentenceBytesMax));
  }
  if (rule.action != Verdict::kAllow) {
    rule.would = fmt::format("would {}: {}", verdict_name(rule.action), rule.reason);
  }
  if (const yaml::Node* message = node.find("message")) {
    rule.message = reading.read.text(*message, "message", kSentenceBytesMax);
  } else if (rule.mode == Mode::kFreeze) {
    rule.message = "This call is frozen by policy; wait for an operator.";
  } else if (rule.action == Verdict::kDeny) {
    rule.message = "Policy denies this call; getpolicy shows what is allowed.";
  } else if (rule.action == Verdict::kAsk) {
    rule.message = "This call needs a person's approval.";
  }
  rule.error_reason = fmt::format("denied: the expression of rule {} ({}) fails for this request", rule.id, rule.place);
  rule.error_would = fmt::format("would deny: {}", rule.error_reason);
  rule.error_message = "Policy cannot decide about this call as it was made, so it is denied.";
}

class RuleReader {
 public:
  RuleReader(Reading& reading, std::vector<Rule>& out) : reading_(reading), out_(out) {}

  void read(const yaml::Node& node) {
    if (!reading_.read.is(node, Kind::kMapping, "a rule")) return;
    reading_.read.only_keys(node, "a rule", key_names(Where::kRule));
    Rule rule;
    rule.order = static_cast<std::uint32_t>(out_.size());
    rule.place = reading_.place_of(node.mark);
    read_name(node, rule);
    rule.id = fmt::format("{}/{}", reading_.policy, rule.name);
    read_kind(node, rule);
    read_selector(reading_, node, rule.phase, "a rule", rule);
    if (const yaml::Node* priority = node.find("priority")) {
      rule.priority =
          static_cast<std::int32_t>(reading_.read.integer(*priority, "priority", -kPriorityMax, kPriorityMax));
    }
    for (Condition& condition : rule.conditions) name_rule(condition, rule);
    read_answer(reading_, node, rule);
    out_.push_back(std::move(rule));
  }

 private:
  void read_name(const yaml::Node& node, Rule& rule) {
    const yaml::Node* name = node.find("name");
    if (name == nullptr) {
      reading_.complaints.add(node.mark, "a rule has no \"name\"", "add \"name: ...\"; decisions and records name it");
      return;
    }
    rule.name = reading_.read.name(*name, "name");
    if (!rule.name.empty() && !names_.insert(rule.name).second) {
      reading_.complaints.add(name->mark, fmt::format("a second rule is named \"{}\"", rule.name),
                              "names are unique in a policy");
    }
  }

  // Phase, mode and action.
  void read_kind(const yaml::Node& node, Rule& rule) {
    if (const yaml::Node* phase = node.find("phase")) {
      const int word = reading_.read.word(*phase, "phase", key_words(Where::kRule, "phase"));
      if (word >= 0) rule.phase = static_cast<Phase>(word);
    }
    if (const yaml::Node* mode = node.find("mode")) {
      const int word = reading_.read.word(*mode, "mode", key_words(Where::kRule, "mode"));
      if (word >= 0) rule.mode = static_cast<Mode>(word);
    }
    const yaml::Node* action = node.find("action");
    if (action == nullptr) {
      reading_.complaints.add(node.mark, "a rule has no \"action\"", "add \"action: allow\", deny or ask");
    } else {
      constexpr Verdict kVerdicts[] = {Verdict::kAllow, Verdict::kDeny, Verdict::kAsk};
      const int word = reading_.read.word(*action, "action", key_words(Where::kRule, "action"));
      if (word >= 0) rule.action = kVerdicts[word];
      if (rule.action == Verdict::kAsk && (rule.phase == Phase::kList || rule.phase == Phase::kResult)) {
        reading_.complaints.add(action->mark, fmt::format("nobody is asked in the phase {}", phase_name(rule.phase)),
                                "write allow or deny");
      }
    }
    rule.every_path = rule.action == Verdict::kAllow && rule.mode != Mode::kFreeze;
  }

  static void name_rule(Condition& condition, const Rule& rule) {
    for (std::string* sentence : {&condition.mismatch_reason, &condition.would_reason}) {
      const std::size_t at = sentence->find("a rule (");
      if (at != std::string::npos) sentence->replace(at, 6, fmt::format("rule {}", rule.id));
    }
  }

  Reading& reading_;
  std::vector<Rule>& out_;
  std::set<std::string> names_;
};

}  // namespace

std::vector<std::string_view> obligation_names(Obligation obligations) {
  std::vector<std::string_view> names;
  for (const ObligationWord& word : kObligations) {
    if (has(obligations, word.flag)) names.push_back(word.name);
  }
  return names;
}

void read_answer(Reading& reading, const yaml::Node& node, Rule& rule) {
  if (const yaml::Node* obligations = node.find("obligations");
      obligations != nullptr && reading.read.is(*obligations, Kind::kSequence, "obligations")) {
    for (const yaml::Node& item : obligations->items) read_obligation(reading, item, rule);
  }
  read_ask(reading, node, rule);
  read_sentences(reading, node, rule);
  if (rule.mode == Mode::kFreeze) rule.action = Verdict::kDeny;
  rule.action_denies = rule.action == Verdict::kDeny;
  rule.tightens = rule.action != Verdict::kAllow;
}

void read_rules(Reading& reading, const yaml::Node& rules, std::vector<Rule>& out) {
  if (rules.items.size() > kRulesMax) {
    reading.complaints.add(rules.mark, fmt::format("{} rules are too many", rules.items.size()),
                           fmt::format("at most {} in a set", kRulesMax));
    return;
  }
  out.reserve(rules.items.size());
  RuleReader reader(reading, out);
  for (const yaml::Node& node : rules.items) reader.read(node);
}

}  // namespace agentos::policy
