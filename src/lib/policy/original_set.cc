// The context of a request, and combining.
#include "lib/policy/original_set.h"

#include <algorithm>
#include <array>

#include "base/crypto/hash.h"
#include "base/yaml/document.h"
#include "lib/policy/limits.h"

namespace agentos::policy {
namespace {

// The original has no word for these: an agent looks at itself, waits, or ends.
constexpr auto kOfTheCallerItself = std::to_array<std::string_view>(
    {"exit", "wait", "close", "sigaction", "sigprocmask", "getpolicy", "checkpolicy", "tools", "status", "hello"});

bool is_theirs(const Request& request) {
  return std::ranges::find(kOfTheCallerItself, request.call_name) == kOfTheCallerItself.end();
}

// The call's or tool's arguments by name, and over them what the kernel knows, which no argument can replace.
json::Value context_of(const Request& request) {
  json::Object context;
  const json::Value* arguments = request.arguments == nullptr ? nullptr : request.arguments->object();
  if (arguments != nullptr && arguments->is_object()) context = arguments->as_object();
  const auto put = [&](const char* name, std::string_view text) {
    if (!text.empty()) context[name] = json::to_valid_utf8(text);
  };
  put("tool_name", request.tool.empty() ? request.call_name : request.tool);
  put("call", request.call_name);
  put("agent_id", request.principal.agent);
  put("agent_name", request.principal.name);
  context["ring"] = static_cast<std::int64_t>(request.principal.ring);
  // Of a tool's arguments `path` is the tool's own; of a call it is the canonical one.
  put("path", request.path);
  put("path_to", request.path_to);
  put("target", request.target);
  return context;
}

Decision as_answered(const original::Answer& answer, std::uint64_t epoch) {
  Decision decision = original::as_decision(answer, epoch);
  decision.message = answer.allowed ? std::string_view() : answer.reason;
  return decision;
}

}  // namespace

bool is_original_source(const Source& source) {
  // A native document says so in a key of its own; only what does not is read to look.
  const std::string& text = source.text;
  const bool native = text.starts_with("apiVersion") || text.find("\napiVersion") != std::string::npos ||
                      text.find("\"apiVersion\"") != std::string::npos;
  if (native || text.size() > kDocumentBytesMax) return false;
  const auto root = yaml::parse(source.text, source.file, {.bytes_max = kDocumentBytesMax});
  return root && original::is_original(*root);
}

Result<OriginalSet> OriginalSet::compile(std::span<const Source> sources) {
  OriginalSet set;
  set.documents_ = TRY(original::Documents::compile(sources));
  for (const Source& source : sources) {
    const auto alone = TRY(original::Documents::compile(std::span(&source, 1)));
    set.described_.push_back({.name = std::string(alone->name()),
                              .file = source.file,
                              .digest = "sha256:" + crypto::hex(crypto::sha256(source.text)),
                              .rules = alone->rule_count(),
                              .default_action = alone->default_action()});
  }
  return set;
}

Decision OriginalSet::combine(const Request& request, const Decision& native, const Outcome& outcome,
                              std::size_t native_documents, std::uint64_t epoch) const {
  if (outcome.rule != nullptr && native.verdict == Verdict::kDeny) return native;
  if (!is_theirs(request)) {
    if (native_documents > 0) return native;
    Decision decision;
    decision.verdict = Verdict::kAllow;
    decision.epoch = epoch;
    decision.rule = "own-affairs";
    decision.reason = "the call touches nothing but its caller, and no native document is loaded";
    return decision;
  }
  const original::Answer answer = documents_->decide(context_of(request));
  if (!answer.allowed) return as_answered(answer, epoch);
  const Obligation audit = answer.action == original::Action::kAudit ? Obligation::kAudit : Obligation::kNone;
  if (native.verdict != Verdict::kDeny) {
    Decision decision = native;
    decision.obligations = decision.obligations | audit;
    return decision;
  }
  // A document of a narrower scope asks, and no broader one of its language has answered: nobody is asked, so denied.
  if (outcome.verdict == Verdict::kAsk) return native;
  Decision decision = as_answered(answer, epoch);
  decision.obligations = decision.obligations | outcome.obligations;
  decision.details = outcome.details;
  decision.details_count = outcome.details_count;
  decision.limits = outcome.limits;
  decision.limits_count = outcome.limits_count;
  return decision;
}

bool OriginalSet::hides(const Request& request) const {
  Request listed = request;
  listed.arguments = nullptr;
  const original::Answer answer = documents_->decide(context_of(listed));
  return !answer.allowed && answer.matched_rule.has_value();
}

void OriginalSet::summarize(json::Array& documents) const {
  for (const Described& one : described_) {
    documents.push_back(json::Object{{"name", json::to_valid_utf8(one.name)},
                                     {"file", one.file},
                                     {"kind", "PolicyDocument 1.0"},
                                     {"mode", "enforce"},
                                     {"rules", static_cast<std::int64_t>(one.rules)},
                                     {"default", original::action_name(one.default_action)},
                                     {"digest", one.digest}});
  }
}

}  // namespace agentos::policy
