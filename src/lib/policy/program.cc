// Compiling sources into a program, and combining the two engines into one decision.
#include "lib/policy/program.h"

#include <fmt/format.h>

#include <map>

#include "lib/policy/limits.h"
#include "lib/policy/matching.h"

namespace agentos::policy {

Result<std::shared_ptr<const Program>> Program::compile(std::span<const Source> sources, const Vocabulary& vocabulary,
                                                        std::uint64_t epoch) {
  if (sources.empty() || sources.size() > kDocumentsMax) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("a policy set has 1 to {} documents, not {}", kDocumentsMax, sources.size()));
  }
  std::vector<Document> enforcing, observing;
  std::map<std::string, std::string> places;  // of policy names
  std::size_t rules = 0;
  for (const Source& source : sources) {
    Document document = TRY(read_document(source, vocabulary));
    const std::string place =
        fmt::format("{}:{}:{}", document.file, document.name_mark.line, document.name_mark.column);
    if (auto [first, fresh] = places.emplace(document.name, place); !fresh) {
      return fail(
          ErrorCode::kInvalidArgument,
          fmt::format("{}: a second policy is named \"{}\"; the first is at {}", place, document.name, first->second),
          "names are unique in a set");
    }
    rules += document.rules.size();
    if (rules > kRulesMax) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("{}: the set has {} rules up to here, which are too many", place, rules),
                  fmt::format("at most {}", kRulesMax));
    }
    (document.mode == Mode::kObserve ? observing : enforcing).push_back(std::move(document));
  }
  return std::make_shared<const CompiledProgram>(std::move(enforcing), std::move(observing), vocabulary, epoch);
}

CompiledProgram::CompiledProgram(std::vector<Document> enforcing, std::vector<Document> observing,
                                 const Vocabulary& vocabulary, std::uint64_t epoch)
    : enforcing_(std::move(enforcing)), observing_(std::move(observing)), epoch_(epoch) {
  defaults_.push_back({"denied: the call has no row in the table", "would deny: the call has no row in the table",
                       "This kernel has no such call."});
  for (const auto& call : vocabulary.calls) {
    if (call.number >= defaults_of_call_.size()) defaults_of_call_.resize(call.number + 1u, 0);
    defaults_of_call_[call.number] = static_cast<std::uint32_t>(defaults_.size());
    std::string reason = fmt::format("no rule of the {} policies in force allows this {}; default deny",
                                     enforcing_.documents().size() + observing_.documents().size(), call.name);
    std::string would = "would deny: " + reason;
    defaults_.push_back({std::move(reason), std::move(would),
                         fmt::format("No policy rule allows this {}; getpolicy shows what is allowed.", call.name)});
  }
}

const CompiledProgram::DefaultTexts& CompiledProgram::defaults_for(std::uint16_t call) const {
  return defaults_[call < defaults_of_call_.size() ? defaults_of_call_[call] : 0];
}

Decision CompiledProgram::default_deny(const Request& request) const {
  const DefaultTexts& texts = defaults_for(request.call);
  return {.epoch = epoch_, .policy = {}, .rule = "default-deny", .reason = texts.reason, .message = texts.message};
}

Decision CompiledProgram::decided(const Outcome& outcome) const {
  const Rule& rule = *outcome.rule;
  Decision decision{.verdict = outcome.verdict,
                    .obligations = rule.obligations,
                    .epoch = epoch_,
                    .policy = std::string_view(rule.id).substr(0, rule.id.size() - rule.name.size() - 1),
                    .rule = rule.id,
                    .reason = rule.reason,
                    .message = rule.message,
                    .ask_timeout_ms = rule.ask_timeout_ms};
  if (outcome.failed != nullptr) {
    decision.reason = outcome.failed->mismatch_reason;
    decision.message = outcome.failed->mismatch_message;
    decision.ask_timeout_ms = 0;
  }
  return decision;
}

Decision CompiledProgram::decide(const Request& request) const {
  // A call outside the vocabulary matches no rule, not even "*".
  if (&defaults_for(request.call) == defaults_.data()) return default_deny(request);
  const Outcome outcome = enforcing_.evaluate(request);
  const Decision decision = outcome.rule != nullptr ? decided(outcome) : default_deny(request);
  if (observing_.empty()) [[likely]]
    return decision;
  return observed(decision, outcome, request);
}

Decision CompiledProgram::observed(const Decision& enforced, const Outcome& enforcing, const Request& request) const {
  const bool sole = enforcing.rule == nullptr && !enforcing_.applies(request.principal);
  const bool allowed = enforcing.rule != nullptr && enforcing.verdict == Verdict::kAllow;
  if ((!sole && !allowed) || !observing_.applies(request.principal)) return enforced;
  const Outcome would = observing_.evaluate(request);
  if (would.rule == nullptr && allowed) return enforced;  // as a further document it would have abstained
  Decision decision = enforced;
  if (would.rule == nullptr) {
    decision.reason = defaults_for(request.call).would;
  } else if (would.verdict == Verdict::kAllow) {
    return sole ? decided(would) : enforced;
  } else {
    const Rule& rule = *would.rule;
    if (sole) decision = decided(would);
    decision.reason = would.failed != nullptr ? std::string_view(would.failed->would_reason) : rule.would;
    // What would have been reported still is; nothing is done to the agent.
    if (has(rule.obligations, Obligation::kAudit)) decision.obligations = decision.obligations | Obligation::kAudit;
  }
  decision.verdict = Verdict::kAllow;
  decision.message = {};
  decision.ask_timeout_ms = 0;
  if (sole)
    decision.obligations = has(decision.obligations, Obligation::kAudit) ? Obligation::kAudit : Obligation::kNone;
  return decision;
}

json::Value CompiledProgram::summary() const {
  json::Array documents;
  std::size_t rules = 0;
  for (const Engine* engine : {&enforcing_, &observing_}) {
    std::vector<std::size_t> counts(engine->documents().size());
    for (const Rule& rule : engine->rules()) ++counts[rule.document];
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const Document& document = engine->documents()[i];
      json::Object entry{{"name", document.name}};
      if (!document.summary.empty()) entry.append("summary", document.summary);
      entry.append("file", document.file);
      entry.append("mode", document.mode == Mode::kEnforce ? "enforce" : "observe");
      entry.append("rules", static_cast<std::int64_t>(counts[i]));
      entry.append("digest", document.digest);
      documents.push_back(std::move(entry));
      rules += counts[i];
    }
  }
  return json::Object{{"epoch", static_cast<std::int64_t>(epoch_)},
                      {"default", "deny"},
                      {"rules", static_cast<std::int64_t>(rules)},
                      {"documents", std::move(documents)}};
}

}  // namespace agentos::policy
