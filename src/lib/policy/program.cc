// Compiling sources into a program, and combining its engines into one decision.
#include "lib/policy/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "lib/policy/expression.h"
#include "lib/policy/limits.h"
#include "lib/policy/matching.h"
#include "lib/policy/subject.h"

namespace agentos::policy {
namespace {

// What a frozen document does to whoever it is for, in one phase: nothing that changes anything.
Rule frozen(const Document& document, const Vocabulary& vocabulary, Phase phase) {
  Rule rule;
  rule.name = "freeze";
  rule.id = document.name + "/freeze";
  rule.phase = phase;
  rule.mode = Mode::kFreeze;
  rule.action = Verdict::kDeny;
  rule.tightens = true;
  for (const Vocabulary::Call& call : vocabulary.calls) {
    if (!call.changes || call.name == "exit") continue;
    rule.calls.push_back(call.number);
    rule.call_names.emplace_back(call.name);
  }
  std::ranges::sort(rule.calls);
  rule.place = fmt::format("{}:{}:{}", document.file, document.name_mark.line, document.name_mark.column);
  rule.reason = fmt::format("frozen: policy {} ({}) is in mode freeze", document.name, rule.place);
  rule.would = "would deny: " + rule.reason;
  rule.message = "Everything that changes something is frozen by policy; wait for an operator.";
  return rule;
}

struct Parts {
  std::array<std::vector<Document>, kPhases> enforcing, observing;
};

// The rules of one phase and mode go to one engine. A document that enforces is part of every enforcing engine, also
// without rules there: it is for its agents. Gives the document without its rules, which are moved: there may be many.
Document distribute(Document document, const Vocabulary& vocabulary, Parts& parts) {
  std::vector<Rule> rules = std::exchange(document.rules, {}), limits = std::exchange(document.limits, {});
  for (std::size_t phase = 0; phase < kPhases; ++phase) {
    Document enforcing = document, observing = document;
    for (auto [list, enforced, watched] : {std::tuple(&rules, &enforcing.rules, &observing.rules),
                                           std::tuple(&limits, &enforcing.limits, &observing.limits)}) {
      for (Rule& rule : *list) {
        if (static_cast<std::size_t>(rule.phase) != phase) continue;
        const bool only_observes = document.mode == Mode::kObserve || rule.mode == Mode::kObserve;
        (only_observes ? watched : enforced)->push_back(std::move(rule));
      }
    }
    if (document.mode == Mode::kFreeze && phase == static_cast<std::size_t>(Phase::kCall)) {
      enforcing.rules.push_back(frozen(document, vocabulary, Phase::kCall));
    }
    const bool watches = document.mode == Mode::kObserve || !observing.rules.empty() || !observing.limits.empty();
    observing.mode = Mode::kObserve;
    if (document.mode != Mode::kObserve) parts.enforcing[phase].push_back(std::move(enforcing));
    if (watches) parts.observing[phase].push_back(std::move(observing));
  }
  return document;
}

// Documents by name, so that others can extend them.
FindDocument finder(std::span<const Source> sources) {
  return [sources](std::string_view name) -> std::optional<Source> {
    for (const Source& source : sources) {
      auto root = yaml::parse(source.text, source.file, {.bytes_max = kDocumentBytesMax});
      if (!root) continue;
      const yaml::Node* metadata = root->find("metadata");
      const yaml::Node* own = metadata == nullptr ? nullptr : metadata->find("name");
      if (own != nullptr && own->text == name) return source;
    }
    const std::string_view text = preset(name);
    if (text.empty()) return std::nullopt;
    return Source{std::string(text), fmt::format("(built-in {})", name)};
  };
}

}  // namespace

Result<std::shared_ptr<const Program>> Program::compile(std::span<const Source> sources, const Vocabulary& vocabulary,
                                                        std::uint64_t epoch) {
  if (sources.empty() || sources.size() > kDocumentsMax) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("a policy set has 1 to {} documents, not {}", kDocumentsMax, sources.size()));
  }
  const FindDocument find = finder(sources);
  PastSpecs past;
  std::vector<Document> documents;
  std::map<std::string, std::string> places;  // of policy names
  std::size_t rules = 0;
  std::vector<Source> originals;
  for (const Source& source : sources) {
    if (is_original_source(source)) {
      if (source.only_tightens) {
        return fail(ErrorCode::kInvalidArgument,
                    source.file + ": a document of the original can allow, and signed policy decides who may",
                    "agentos policy import --from original writes it as one that can be signed");
      }
      originals.push_back(source);
      continue;
    }
    Document document = TRY(read_document(source, vocabulary, find, past));
    if (source.only_tightens) document.scope = Scope::kAgent;
    const std::string place =
        fmt::format("{}:{}:{}", document.file, document.name_mark.line, document.name_mark.column);
    if (auto [first, fresh] = places.emplace(document.name, place); !fresh) {
      return fail(
          ErrorCode::kInvalidArgument,
          fmt::format("{}: a second policy is named \"{}\"; the first is at {}", place, document.name, first->second),
          "names are unique in a set");
    }
    rules += document.rules.size() + document.limits.size();
    if (rules > kRulesMax) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("{}: the set has {} rules up to here, which are too many", place, rules),
                  fmt::format("at most {}", kRulesMax));
    }
    documents.push_back(std::move(document));
  }
  std::optional<OriginalSet> original_set;
  if (!originals.empty()) original_set = TRY(OriginalSet::compile(originals));
  return std::make_shared<const CompiledProgram>(std::move(documents), std::move(past), vocabulary, epoch,
                                                 std::move(original_set));
}

CompiledProgram::CompiledProgram(std::vector<Document> documents, PastSpecs past, const Vocabulary& vocabulary,
                                 std::uint64_t epoch, std::optional<OriginalSet> originals)
    : past_(std::make_unique<const PastSpecs>(std::move(past))), epoch_(epoch), originals_(std::move(originals)) {
  for (const Limit& limit : past_->limits) limit_specs_.push_back(limit.spec);
  for (const Sequence& sequence : past_->sequences) {
    sequence_specs_.push_back(sequence.spec);
    for (const auto* list : {&sequence.steps, &sequence.until}) {
      fallible_steps_ =
          fallible_steps_ || std::ranges::any_of(*list, [](const Selector& one) { return one.fallible(); });
    }
    Rule& failure = step_failures_.emplace_back();
    failure.name = sequence.name;
    failure.id = sequence.spec.id;
    failure.error_reason = fmt::format("denied: whether this call is a step of sequence {} cannot be told", failure.id);
    failure.error_would = "would deny: " + failure.error_reason;
    failure.error_message = "Policy cannot decide about this call as it was made, so it is denied.";
  }
  Parts parts;
  for (Document& document : documents) {
    const std::size_t rules = document.rules.size() + document.limits.size();
    documents_.push_back({distribute(std::move(document), vocabulary, parts), rules});
  }
  for (std::size_t phase = 0; phase < kPhases; ++phase) {
    enforcing_[phase] = Engine(std::move(parts.enforcing[phase]), past_.get());
    observing_[phase] = Engine(std::move(parts.observing[phase]), past_.get());
  }
  needs_past_ = !limit_specs_.empty() || !sequence_specs_.empty() || reads_history();
  defaults_.push_back({"denied: the call has no row in the table", "would deny: the call has no row in the table",
                       "This kernel has no such call."});
  for (const auto& call : vocabulary.calls) {
    if (call.number >= defaults_of_call_.size()) defaults_of_call_.resize(call.number + 1u, 0);
    defaults_of_call_[call.number] = static_cast<std::uint32_t>(defaults_.size());
    std::string reason =
        fmt::format("no rule of the {} policies in force allows this {}; default deny", documents_.size(), call.name);
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
  Decision decision;
  decision.epoch = epoch_;
  decision.rule = "default-deny";
  decision.reason = texts.reason;
  decision.message = texts.message;
  return decision;
}

Decision CompiledProgram::fallback(const Request& request) const {
  if (request.phase == Phase::kCall || request.phase == Phase::kList || !knows(request.call)) {
    return default_deny(request);
  }
  Decision decision;
  decision.verdict = Verdict::kAllow;
  decision.epoch = epoch_;
  decision.rule = "default-allow";
  decision.reason = request.phase == Phase::kResult ? "no rule is about this result; the call was allowed"
                                                    : "no rule is about this subscription; its call was allowed";
  return decision;
}

Decision CompiledProgram::decided(const Outcome& outcome, RequestView& view) const {
  const Rule& rule = *outcome.rule;
  Decision decision;
  decision.verdict = outcome.verdict;
  decision.epoch = epoch_;
  decision.policy = std::string_view(rule.id).substr(0, rule.id.size() - rule.name.size() - 1);
  decision.rule = rule.id;
  decision.exceeded = rule.limit;
  if (outcome.error) {
    decision.obligations = rule.obligations;
    decision.reason = outcome.failed != nullptr ? outcome.failed->mismatch_reason : rule.error_reason;
    decision.message = outcome.failed != nullptr ? outcome.failed->mismatch_message : rule.error_message;
    if (outcome.failed == nullptr || outcome.failed->type == Condition::Type::kForm) decision.failure = view.failure();
    return decision;
  }
  decision.reason = rule.reason;
  decision.message = rule.message;
  if (outcome.verdict == Verdict::kDeny) {
    decision.obligations = rule.obligations;
    return decision;
  }
  decision.ask_timeout_ms = rule.ask_timeout_ms;
  decision.obligations = outcome.obligations;
  if (outcome.details_count > 0) decision.details = outcome.details;
  decision.details_count = outcome.details_count;
  if (outcome.limits_count > 0) decision.limits = outcome.limits;
  decision.limits_count = outcome.limits_count;
  return decision;
}

Decision CompiledProgram::decide(const Request& request) const {
  // A call outside the vocabulary matches no rule, not even "*".
  if (!knows(request.call)) return default_deny(request);
  const auto phase = static_cast<std::size_t>(request.phase);
  RequestView view(request);
  if (request.phase == Phase::kList) return listed(request);
  Outcome outcome = enforcing_[phase].evaluate(view);
  if (fallible_steps_ && request.phase == Phase::kCall && outcome.verdict != Verdict::kDeny) {
    if (const Rule* failing = failing_step(view)) outcome = {.rule = failing, .error = true};
  }
  Decision decision = outcome.rule != nullptr ? decided(outcome, view) : fallback(request);
  if (!observing_[phase].empty()) [[unlikely]]
    decision = observed(decision, outcome, view);
  if (!originals_ || request.phase != Phase::kCall) [[likely]]
    return decision;
  return originals_->combine(request, decision, outcome, documents_.size(), epoch_);
}

// A rule of the phase list decides; else a call is shown when its own rules could allow it with some arguments.
Decision CompiledProgram::listed(const Request& request) const {
  RequestView view(request, Known::kListing);
  const Outcome stated = enforcing(Phase::kList).evaluate(view);
  if (stated.rule != nullptr) return decided(stated, view);
  const Outcome possible = enforcing(Phase::kCall).evaluate_listing(view);
  if (possible.rule != nullptr && (!originals_ || possible.verdict == Verdict::kDeny)) return decided(possible, view);
  if (originals_) {
    Decision decision = possible.rule != nullptr ? decided(possible, view) : default_deny(request);
    decision.verdict = originals_->hides(request) ? Verdict::kDeny : Verdict::kAllow;
    return decision;
  }
  const bool watched = !observing(Phase::kCall).empty() && !enforcing(Phase::kCall).applies(view) &&
                       observing(Phase::kCall).applies(view);
  Decision decision = default_deny(request);
  if (watched) decision.verdict = Verdict::kAllow;
  return decision;
}

Decision CompiledProgram::observed(const Decision& enforced, const Outcome& enforcing, RequestView& view) const {
  const Request& request = view.request();
  const auto phase = static_cast<std::size_t>(request.phase);
  const bool sole = enforcing.rule == nullptr && !enforcing_[phase].applies(view);
  const bool allowed = enforced.verdict == Verdict::kAllow;
  if ((!sole && !allowed) || !observing_[phase].applies(view)) return enforced;
  RequestView own(request);
  const Outcome would = observing_[phase].evaluate(own);
  if (would.rule == nullptr && allowed) return enforced;  // as a further document it would have abstained
  Decision decision = enforced;
  if (would.rule == nullptr) {
    decision.reason = defaults_for(request.call).would;
  } else if (would.verdict == Verdict::kAllow) {
    return sole ? decided(would, own) : enforced;
  } else {
    const Rule& rule = *would.rule;
    if (sole) decision = decided(would, own);
    decision.reason = !would.error              ? std::string_view(rule.would)
                      : would.failed != nullptr ? std::string_view(would.failed->would_reason)
                                                : std::string_view(rule.error_would);
    decision.failure = own.failure();
    // What would have been reported still is; nothing is done to the agent.
    if (has(rule.obligations, Obligation::kAudit)) decision.obligations = decision.obligations | Obligation::kAudit;
  }
  decision.verdict = Verdict::kAllow;
  decision.message = {};
  decision.ask_timeout_ms = 0;
  decision.exceeded = -1;
  if (sole) {
    decision.obligations = has(decision.obligations, Obligation::kAudit) ? Obligation::kAudit : Obligation::kNone;
    decision.details_count = 0;
  }
  return decision;
}

bool CompiledProgram::reads_history() const {
  for (const auto* engines : {&enforcing_, &observing_}) {
    for (const Engine& engine : *engines) {
      for (const Document& document : engine.documents()) {
        if (document.agents.when == nullptr) continue;
        for (const std::string& path : document.agents.when->reads()) {
          if (path.starts_with("history")) return true;
        }
      }
      if (std::ranges::any_of(engine.rules(), &Rule::needs_history)) return true;
    }
  }
  return false;
}

bool CompiledProgram::decides(Phase phase) const {
  return !enforcing(phase).rules().empty() || !observing(phase).rules().empty();
}

std::string_view CompiledProgram::subject_of(std::uint32_t limit, const Request& request) const {
  return limit_subject(limit_specs_[limit], request);
}

void CompiledProgram::events(const Request& completed, const EventVisitor& visit) const {
  if (past_->sequences.empty()) return;
  static const Agents kEveryone;
  RequestView view(completed);
  const auto is = [&](const Selector& selector) {
    const bool named = selector.any_call || std::ranges::binary_search(selector.calls, completed.call);
    return named && match(selector, kEveryone, view).truth == Truth::kTrue;
  };
  for (std::uint32_t i = 0; i < past_->sequences.size(); ++i) {
    const Sequence& sequence = past_->sequences[i];
    std::uint32_t steps = 0;
    for (std::size_t step = 0; step < sequence.steps.size(); ++step) {
      if (is(sequence.steps[step])) steps |= 1u << step;
    }
    const bool until = std::ranges::any_of(sequence.until, is);
    if (steps != 0 || until) visit(i, steps, until);
  }
}

// Whether a call is a step has to be known; when that fails, nothing may happen.
const Rule* CompiledProgram::failing_step(RequestView& view) const {
  static const Agents kEveryone;
  const std::uint16_t call = view.request().call;
  for (std::size_t i = 0; i < past_->sequences.size(); ++i) {
    for (const auto* list : {&past_->sequences[i].steps, &past_->sequences[i].until}) {
      for (const Selector& one : *list) {
        const bool named = one.any_call || std::ranges::binary_search(one.calls, call);
        if (named && one.fallible() && match(one, kEveryone, view).truth == Truth::kError) return &step_failures_[i];
      }
    }
  }
  return nullptr;
}

json::Value CompiledProgram::summary() const {
  json::Array documents;
  std::size_t rules = 0;
  for (const auto& [document, count] : documents_) {
    json::Object entry{{"name", document.name}};
    if (!document.summary.empty()) entry.append("summary", document.summary);
    entry.append("file", document.file);
    entry.append("mode", mode_name(document.mode));
    entry.append("scope", scope_name(document.scope));
    entry.append("combining", combining_name(document.combining));
    entry.append("rules", static_cast<std::int64_t>(count));
    entry.append("digest", document.digest);
    documents.push_back(std::move(entry));
    rules += count;
  }
  if (originals_) {
    originals_->summarize(documents);
    rules += originals_->rule_count();
  }
  return json::Object{{"epoch", static_cast<std::int64_t>(epoch_)},
                      {"default", "deny"},
                      {"rules", static_cast<std::int64_t>(rules)},
                      {"limits", static_cast<std::int64_t>(limit_specs_.size())},
                      {"sequences", static_cast<std::int64_t>(sequence_specs_.size())},
                      {"documents", std::move(documents)}};
}

}  // namespace agentos::policy
