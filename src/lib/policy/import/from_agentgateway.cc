// agentgateway: its rules for MCP tools, in a configuration of its own or in resources for Kubernetes. Deny overrides,
// all requirements must hold, one allow rule is enough; with no allow rules at all everything else is allowed.
#include <fmt/format.h>

#include <algorithm>

#include "base/yaml/document.h"
#include "lib/policy/import/document_text.h"
#include "lib/policy/import/gateway_expression.h"
#include "lib/policy/import/import.h"

namespace agentos::policy::importing {
namespace {

using Kind = yaml::Node::Kind;

constexpr std::size_t kGatewayRulesMax = 1000;
constexpr yaml::Limits kGatewayLimits{.bytes_max = 1u << 20, .depth_max = 64, .nodes_max = 100'000};

enum class Effect : std::uint8_t { kAllow, kDeny, kRequire };

struct GatewayRule {
  Effect effect = Effect::kAllow;
  const yaml::Node* expression = nullptr;
};

struct RuleSet {
  std::string place;  // "binds[0].listeners[0].routes[0].policies.mcpAuthorization"
  yaml::Mark mark;
  std::vector<GatewayRule> rules;
};

// What restricts who may do what, and why it is not carried over.
constexpr std::pair<std::string_view, std::string_view> kRestrictions[] = {
    {"authorization", "it decides HTTP requests to the gateway; write rules for the calls and tools they became"},
    {"networkAuthorization", "it decides connections to the gateway; a kernel has a socket of its user alone"},
    {"jwtAuth", "agents are known by their connection to the kernel; nothing reads tokens"},
    {"jwtAuthentication", "agents are known by their connection to the kernel; nothing reads tokens"},
    {"mcpAuthentication", "agents are known by their connection to the kernel; nothing reads tokens"},
    {"basicAuth", "agents are known by their connection to the kernel; nothing reads passwords"},
    {"apiKey", "agents are known by their connection to the kernel; nothing reads keys"},
    {"oidc", "agents are known by their connection to the kernel; nobody logs in"},
    {"extAuthz", "no other service decides; ask a person with action: ask"},
    {"extProc", "no other service decides; ask a person with action: ask"},
    {"localRateLimit", "write a limit: spec.limits, with at_most, every and as: token_bucket"},
    {"remoteRateLimit", "write a limit: spec.limits; it counts in the kernel"},
    {"rateLimit", "write a limit: spec.limits, with at_most, every and as: token_bucket"},
    {"mcpGuardrails", "write rules of the phases call and result with redact, or conditions on findings"},
    {"guardrails", "write rules of the phases call and result with redact, or conditions on findings"},
    {"promptGuard", "prompts are not decided; results of tools are, in the phase result"},
    {"ai", "calls of models are not decided by rules on tools"},
    {"csrf", "there is no browser between an agent and the kernel"}};

// What holds other things that are looked through.
constexpr std::string_view kContainers[] = {"binds", "listeners", "routes",  "policies", "mcp",   "backends", "backend",
                                            "spec",  "traffic",   "targets", "gateways", "items", "frontend", "http"};

class GatewayReader {
 public:
  GatewayReader(const Source& source, const Options& options)
      : source_(source), options_(options), vocabulary_(table_vocabulary()) {}

  Result<Imported> run() {
    if (options_.meanings.size() > kMeaningsMax) {
      return fail(ErrorCode::kTooLarge, "too many meanings", fmt::format("at most {}", kMeaningsMax));
    }
    const std::vector<yaml::Node> documents = TRY(yaml::parse_all(source_.text, source_.file, kGatewayLimits));
    for (std::size_t i = 0; i < documents.size(); ++i) {
      if (documents[i].kind == Kind::kNull) continue;
      if (documents[i].kind != Kind::kMapping) {
        return yaml::fail_at(source_.file, documents[i].mark, "a configuration of agentgateway is a mapping");
      }
      TRY(look_through(documents[i], documents.size() > 1 ? fmt::format("document[{}]", i) : std::string()));
    }
    const RuleSet set = TRY(chosen());
    TRY(write_rules(set));
    imported_.policy = TRY(write_policy(text_, vocabulary_));
    return std::move(imported_);
  }

 private:
  void remark(Loss loss, yaml::Mark mark, std::string what, std::string reason) {
    imported_.remarks.push_back(
        {loss, fmt::format("{}:{}:{}", source_.file, mark.line, mark.column), std::move(what), std::move(reason)});
  }

  Status look_through(const yaml::Node& node, const std::string& place) {
    if (node.kind == Kind::kSequence) {
      for (std::size_t i = 0; i < node.items.size(); ++i) {
        TRY(look_through(node.items[i], fmt::format("{}[{}]", place, i)));
      }
      return {};
    }
    if (node.kind != Kind::kMapping) return {};
    for (const yaml::Node::Entry& entry : node.entries) {
      TRY(look_at(entry, place, place.empty() ? entry.key : place + "." + entry.key));
    }
    return {};
  }

  Status look_at(const yaml::Node::Entry& entry, const std::string& parent, const std::string& place) {
    if (entry.key == "apiVersion" || entry.key == "kind" || entry.key == "metadata") return {};
    if (entry.key == "mcpAuthorization") return read_set(entry, place);
    const bool resource = parent == "mcp" || parent.ends_with("backend.mcp") || parent.ends_with("spec.mcp");
    if (entry.key == "authorization" && resource) return read_resource(entry, place);
    const bool holds = std::ranges::find(kContainers, entry.key) != std::end(kContainers);
    const bool nested = entry.value.kind == Kind::kMapping || entry.value.kind == Kind::kSequence;
    if (holds && nested) return look_through(entry.value, place);
    for (const auto& [key, reason] : kRestrictions) {
      if (entry.key != key) continue;
      remark(Loss::kLost, entry.mark, place, std::string(reason));
      return {};
    }
    const bool policy = parent.ends_with("policies") || parent.ends_with("traffic") || parent.ends_with("frontend");
    constexpr std::string_view kTraffic[] = {"cors",
                                             "timeout",
                                             "retry",
                                             "headers",
                                             "requestHeaderModifier",
                                             "urlRewrite",
                                             "requestRedirect",
                                             "requestMirror",
                                             "responseHeaderModifier",
                                             "transformations",
                                             "backendAuth",
                                             "backendTLS",
                                             "buffer",
                                             "accessLog",
                                             "tracing"};
    if (policy && std::ranges::find(kTraffic, entry.key) == std::end(kTraffic)) {
      remark(Loss::kLost, entry.mark, place, "a policy of the gateway that is not known here");
      return {};
    }
    remark(Loss::kElsewhere, entry.mark, place,
           "no rule on tools: tools are registered with agentos tool add, and agents reach the kernel over its socket");
    return {};
  }

  std::unexpected<Error> refuse_node(const yaml::Node& node, std::string_view what, std::string hint = {}) const {
    return yaml::fail_at(source_.file, node.mark, what, std::move(hint));
  }

  Status add(RuleSet& set, Effect effect, const yaml::Node& node) const {
    if (node.kind != Kind::kString) return refuse_node(node, "a rule is an expression in quotes");
    if (set.rules.size() == kGatewayRulesMax) {
      return refuse_node(node, fmt::format("more than {} rules", kGatewayRulesMax), "import them in parts");
    }
    set.rules.push_back({effect, &node});
    return {};
  }

  // {rules: ["...", {allow: "..."}, {deny: "..."}, {require: "..."}]}
  Status read_set(const yaml::Node::Entry& entry, const std::string& place) {
    const yaml::Node* rules = entry.value.find("rules");
    if (rules == nullptr || rules->kind != Kind::kSequence) {
      return refuse_node(entry.value, "mcpAuthorization has a list of rules", "mcpAuthorization: {rules: [...]}");
    }
    for (const yaml::Node::Entry& other : entry.value.entries) {
      if (other.key != "rules") remark(Loss::kLost, other.mark, place + "." + other.key, "not known here");
    }
    RuleSet set{.place = place, .mark = entry.mark, .rules = {}};
    for (const yaml::Node& rule : rules->items) {
      if (rule.kind == Kind::kString) {
        TRY(add(set, Effect::kAllow, rule));
        continue;
      }
      if (rule.kind != Kind::kMapping || rule.entries.size() != 1) {
        return refuse_node(rule, "a rule is an expression, or one of allow, deny and require with an expression");
      }
      const std::string& key = rule.entries[0].key;
      if (key != "allow" && key != "deny" && key != "require") {
        return refuse_node(rule, fmt::format("unknown kind of rule \"{}\"", key), "allow, deny or require");
      }
      TRY(add(set,
              key == "allow"  ? Effect::kAllow
              : key == "deny" ? Effect::kDeny
                              : Effect::kRequire,
              rule.entries[0].value));
    }
    sets_.push_back(std::move(set));
    return {};
  }

  // {action: Allow, policy: {matchExpressions: [...]}}
  Status read_resource(const yaml::Node::Entry& entry, const std::string& place) {
    Effect effect = Effect::kAllow;
    if (const yaml::Node* action = entry.value.find("action")) {
      if (action->text != "Allow" && action->text != "Deny" && action->text != "Require") {
        return refuse_node(*action, fmt::format("unknown action \"{}\"", action->text), "Allow, Deny or Require");
      }
      effect = action->text == "Allow" ? Effect::kAllow : action->text == "Deny" ? Effect::kDeny : Effect::kRequire;
    }
    const yaml::Node* policy = entry.value.find("policy");
    const yaml::Node* rules = policy == nullptr ? nullptr : policy->find("matchExpressions");
    if (rules == nullptr || rules->kind != Kind::kSequence) {
      return refuse_node(entry.value, "authorization has policy.matchExpressions, a list of expressions");
    }
    RuleSet set{.place = place, .mark = entry.mark, .rules = {}};
    for (const yaml::Node& rule : rules->items) TRY(add(set, effect, rule));
    sets_.push_back(std::move(set));
    return {};
  }

  // Sets of different routes hold for different requests; taking them together would allow more.
  Result<RuleSet> chosen() const {
    std::string places;
    for (const RuleSet& set : sets_) {
      if (set.place == options_.part) return set;
      places += (places.empty() ? "" : ", ") + set.place;
    }
    if (sets_.empty()) {
      return fail(ErrorCode::kInvalidArgument, source_.file + ": no rules for MCP tools",
                  "mcpAuthorization of a configuration, or backend.mcp.authorization of an AgentgatewayPolicy");
    }
    if (!options_.part.empty()) {
      return fail(ErrorCode::kInvalidArgument, fmt::format("{}: no rules at {}", source_.file, options_.part),
                  "one of: " + places);
    }
    if (sets_.size() > 1) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("{}: {} sets of rules, for different requests", source_.file, sets_.size()),
                  "take one with --part: " + places);
    }
    return sets_[0];
  }

  Status write_rules(const RuleSet& set) {
    Names documents;
    text_.name = documents.take(options_.name.empty() ? "gateway" : options_.name, "gateway");
    text_.summary = "Rules for tools, imported from agentgateway.";
    text_.comment = fmt::format(
        "Imported from agentgateway, {}. What is absent makes a rule of the gateway false, so rules ask\n"
        "with has() first. A comparison of different types denies here; there it makes its rule false.",
        set.place);
    for (const RuleSet& other : sets_) {
      if (other.place != set.place) {
        remark(Loss::kLost, other.mark, other.place, "these rules hold for other requests; import them with --part");
      }
    }
    const auto allows = [](const GatewayRule& rule) { return rule.effect == Effect::kAllow; };
    std::size_t number = 0;
    for (const GatewayRule& rule : set.rules) write_gateway_rule(rule, ++number);
    if (std::ranges::none_of(set.rules, allows)) {
      RuleText& rest = text_.rules.emplace_back();
      rest.comment = "The gateway has no allow rules here, so what is not denied is allowed.";
      rest.name = names_.take("allow-the-rest", "rest");
      rest.texts("tools", {"*"});
      rest.text("action", "allow");
    }
    if (text_.rules.empty()) {
      RuleText& none = text_.rules.emplace_back();
      none.comment = "None of the gateway's allow rules could be carried over, and without one nothing is allowed.";
      none.name = names_.take("nothing", "nothing");
      none.texts("tools", {"*"});
      none.text("action", "deny");
    }
    return {};
  }

  static std::string_view word_of(Effect effect) {
    return effect == Effect::kAllow ? "allow" : effect == Effect::kDeny ? "deny" : "require";
  }

  Result<RuleText> translated_rule(const GatewayRule& rule) const {
    RuleText made;
    if (rule.effect == Effect::kRequire) {
      const std::string needed = TRY(translate_strictly(rule.expression->text, options_.meanings));
      made.texts("tools", {"*"});
      made.text("when", "!(" + needed + ")");
      made.text("action", "deny");
    } else {
      const GatewayExpression meant = TRY(translate(rule.expression->text, options_.meanings));
      made.texts("tools", meant.tools.empty() ? std::vector<std::string>{"*"} : meant.tools);
      if (!meant.when.empty()) made.text("when", meant.when);
      made.text("action", word_of(rule.effect));
    }
    RuleText alone = made;
    alone.name = "rule";
    if (const std::string problem = problem_with(alone, vocabulary_); !problem.empty()) {
      return fail(ErrorCode::kUnsupported, "it does not compile here: " + problem);
    }
    return made;
  }

  void write_gateway_rule(const GatewayRule& rule, std::size_t number) {
    const yaml::Mark mark = rule.expression->mark;
    const std::string from = fmt::format("{}:{}:{}: {} {}", source_.file, mark.line, mark.column, word_of(rule.effect),
                                         quoted(rule.expression->text));
    auto made = translated_rule(rule);
    const std::string wanted = fmt::format("{}-{}", word_of(rule.effect), number);
    if (!made) {
      std::string reason = made.error().message;
      if (!made.error().hint.empty()) reason += "; " + made.error().hint;
      if (rule.effect == Effect::kAllow) {
        remark(Loss::kLost, mark, quoted(rule.expression->text), reason + ". What it allowed is not allowed");
        return;
      }
      // What it would have denied is not known, so a person is asked before anything is allowed.
      remark(Loss::kLost, mark, quoted(rule.expression->text),
             reason + ". In its place every allowed tool is asked about");
      made = RuleText{};
      made->texts("tools", {"*"});
      made->text("action", "ask");
      made->text("message", "A rule of the gateway could not be carried over, so a person decides.");
    }
    made->comment = from;
    made->name = names_.take(wanted, "rule");
    imported_.carried.push_back({from, made->name});
    text_.rules.push_back(std::move(*made));
  }

  const Source& source_;
  const Options& options_;
  const Vocabulary vocabulary_;
  Imported imported_;
  DocumentText text_;
  Names names_;
  std::vector<RuleSet> sets_;
};

}  // namespace

Result<Imported> import_agentgateway(const Source& source, const Options& options) {
  return GatewayReader(source, options).run();
}

}  // namespace agentos::policy::importing
