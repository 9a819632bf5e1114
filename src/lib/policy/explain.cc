// Why a request was decided as it was, for operators: rule, place, clauses with actual values, what else matched, and
// for a denial what would be allowed. Shape: GRAMMAR.md, "explanation".
#include <algorithm>

#include "lib/policy/clauses.h"
#include "lib/policy/flip.h"
#include "lib/policy/matching.h"
#include "lib/policy/program.h"
#include "lib/policy/subject.h"

namespace agentos::policy {
namespace {

// Beyond it only the number of further rules is told.
constexpr std::size_t kAlsoMatchedMax = 100;

json::Value text_or_null(std::string_view text) {
  if (text.empty()) return nullptr;
  return json::to_valid_utf8(text);
}

json::Value request_json(const Request& request) {
  json::Object object{{"agent", text_or_null(request.principal.agent)},
                      {"name", text_or_null(request.principal.name)},
                      {"ring", request.principal.ring},
                      {"call", text_or_null(request.call_name)}};
  if (request.phase != Phase::kCall) object.append("phase", phase_name(request.phase));
  auto add = [&](const char* key, std::string_view text) {
    if (!text.empty()) object.append(key, json::to_valid_utf8(text));
  };
  add("tool", request.tool);
  add("path", request.path);
  add("path_to", request.path_to);
  add("target", request.target);
  return object;
}

// The rule whose id decided; nullptr for the default deny.
const Rule* rule_named(const Engine& engine, std::string_view id) {
  for (const Rule& rule : engine.rules()) {
    if (rule.id == id) return &rule;
  }
  return nullptr;
}

bool names_call(const Rule& rule, std::uint16_t call) {
  return rule.any_call || std::ranges::binary_search(rule.calls, call);
}

void also_matched(const Engine& engine, const Request& request, const Rule* deciding, json::Array& found,
                  std::size_t& total) {
  for (const Rule& rule : engine.rules()) {
    if (&rule == deciding || !names_call(rule, request.call)) continue;
    RequestView view(request);
    const Matched matched = match(rule, engine.scope_of(rule), view);
    if (rule.limit >= 0 &&
        (request.past == nullptr || request.past->limit_allows(static_cast<std::uint32_t>(rule.limit),
                                                               limit_subject(engine.limit_of(rule), request)))) {
      continue;
    }
    if (matched.truth == Truth::kFalse || ++total > kAlsoMatchedMax) continue;
    json::Object entry{{"rule", rule.id},
                       {"at", rule.place},
                       {"action", verdict_name(rule.action)},
                       {"priority", static_cast<std::int64_t>(rule.priority)}};
    if (engine.documents()[rule.document].mode == Mode::kObserve) entry.append("mode", "observe");
    if (matched.truth == Truth::kError) {
      entry.append("error", matched.failed != nullptr ? matched.failed->mismatch_reason : std::string(view.failure()));
    }
    found.push_back(std::move(entry));
  }
}

json::Array clauses_json(const Engine& engine, const Rule& rule, const Request& request) {
  json::Array clauses;
  for (const Clause& clause : clauses_of(rule, engine.scope_of(rule), request)) clauses.push_back(to_json(clause));
  return clauses;
}

}  // namespace

json::Value CompiledProgram::explain(const Request& request) const {
  const Decision decision = decide(request);
  const Engine& enforced = enforcing(request.phase);
  const Engine& watched = observing(request.phase);
  const Engine* engine = &enforced;
  const Rule* rule = rule_named(enforced, decision.rule);
  if (rule == nullptr && (rule = rule_named(watched, decision.rule)) != nullptr) engine = &watched;
  json::Object result{{"verdict", verdict_name(decision.verdict)},
                      {"rule", decision.rule},
                      {"at", rule != nullptr ? json::Value(rule->place) : json::Value()},
                      {"reason", decision.failure.empty() ? std::string(decision.reason)
                                                          : std::string(decision.reason) + ": " + decision.failure},
                      {"message", text_or_null(decision.message)},
                      {"epoch", static_cast<std::int64_t>(decision.epoch)}};
  json::Array obligations;
  for (std::string_view name : obligation_names(decision.obligations)) obligations.push_back(name);
  result.append("obligations", std::move(obligations));
  if (decision.verdict == Verdict::kAsk) result.append("ask_timeout_ms", decision.ask_timeout_ms);
  result.append("request", request_json(request));
  result.append("clauses", rule != nullptr ? clauses_json(*engine, *rule, request) : json::Array{});
  json::Array others;
  std::size_t total = 0;
  if (knows(request.call)) {
    also_matched(enforced, request, rule, others, total);
    also_matched(watched, request, rule, others, total);
  }
  result.append("also_matched", std::move(others));
  if (total > kAlsoMatchedMax) result.append("also_matched_more", static_cast<std::int64_t>(total - kAlsoMatchedMax));
  if (decision.verdict == Verdict::kDeny) {
    result.append("allow_with", allow_with(enforced, request, [this](const Request& r) { return decide(r); }));
  }
  return result;
}

}  // namespace agentos::policy
