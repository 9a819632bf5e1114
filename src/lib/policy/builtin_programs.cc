// The two programs no document makes: none (no policy loaded; next to nothing) and permissive (everything).
#include <algorithm>
#include <array>
#include <vector>

#include "lib/policy/clauses.h"
#include "lib/policy/policy.h"

namespace agentos::policy {
namespace {

constexpr std::array<std::string_view, 6> kSelfScoped = {"exit", "read", "write", "open", "close", "stat"};

json::Value explanation(const Decision& decision) {
  return json::Object{{"verdict", verdict_name(decision.verdict)},
                      {"rule", decision.rule},
                      {"at", nullptr},
                      {"reason", decision.reason},
                      {"message", decision.message.empty() ? json::Value() : json::Value(decision.message)},
                      {"epoch", static_cast<std::int64_t>(decision.epoch)},
                      {"obligations", json::Array{}},
                      {"clauses", json::Array{}},
                      {"also_matched", json::Array{}}};
}

json::Value empty_summary(std::uint64_t epoch, std::string_view rule, std::string_view fallback) {
  return json::Object{{"epoch", static_cast<std::int64_t>(epoch)},
                      {"default", fallback},
                      {"rules", 0},
                      {"documents", json::Array{}},
                      {"builtin", rule}};
}

// Without documents there are no limits and no sequences.
class DocumentlessProgram : public Program {
 public:
  std::span<const LimitSpec> limits() const override { return {}; }
  std::span<const SequenceSpec> sequences() const override { return {}; }
  std::string_view subject_of(std::uint32_t, const Request&) const override { return {}; }
  void events(const Request&, const EventVisitor&) const override {}
};

class NoProgram final : public DocumentlessProgram {
 public:
  NoProgram(const Vocabulary& vocabulary, std::uint64_t epoch) : epoch_(epoch) {
    for (const auto& call : vocabulary.calls) {
      if (std::ranges::find(kSelfScoped, call.name) != kSelfScoped.end()) allowed_.push_back(call.number);
    }
    std::ranges::sort(allowed_);
  }

  Decision decide(const Request& request) const override {
    const bool own = request.target.empty() || request.target == request.principal.agent;
    Decision decision;
    decision.epoch = epoch_;
    decision.rule = "no-policy";
    if (request.phase != Phase::kCall) {
      decision.verdict = Verdict::kAllow;
      decision.reason = "no policy is loaded; what was called is looked at when it is called";
      return decision;
    }
    if (own && std::ranges::binary_search(allowed_, request.call)) {
      decision.verdict = Verdict::kAllow;
      decision.reason = "no policy is loaded; the call is self-scoped";
    } else {
      decision.reason =
          "no policy is loaded; only exit, read, write, open, close and stat on the agent's own namespace";
      decision.message = "No policy is loaded, so only exit, read, write, open, close and stat are allowed.";
    }
    return decision;
  }
  json::Value explain(const Request& request) const override {
    json::Value result = explanation(decide(request));
    if (result.string_or("verdict", "") == "deny") result.as_object().append("allow_with", nullptr);
    return result;
  }
  std::uint64_t epoch() const override { return epoch_; }
  bool is_none() const override { return true; }
  json::Value summary() const override { return empty_summary(epoch_, "no-policy", "deny"); }
  json::Value visible_to(const Principal&) const override {
    json::Array calls;
    for (std::string_view call : kSelfScoped) calls.push_back(call);
    json::Object rule{{"name", "no-policy"}, {"action", "allow"}, {"syscalls", std::move(calls)}};
    json::Object policy{{"name", "no-policy"}, {"mode", "enforce"}, {"rules", json::Array{std::move(rule)}}};
    return json::Object{{"epoch", static_cast<std::int64_t>(epoch_)},
                        {"default", "deny"},
                        {"policies", json::Array{std::move(policy)}}};
  }

 private:
  std::uint64_t epoch_;
  std::vector<std::uint16_t> allowed_;  // sorted
};

class PermissiveProgram final : public DocumentlessProgram {
 public:
  explicit PermissiveProgram(std::uint64_t epoch) : epoch_(epoch) {}

  Decision decide(const Request&) const override {
    Decision decision;
    decision.verdict = Verdict::kAllow;
    decision.epoch = epoch_;
    decision.rule = "permissive";
    decision.reason = "the kernel was started permissive: everything is allowed";
    return decision;
  }
  json::Value explain(const Request& request) const override { return explanation(decide(request)); }
  std::uint64_t epoch() const override { return epoch_; }
  bool is_none() const override { return false; }
  json::Value summary() const override { return empty_summary(epoch_, "permissive", "allow"); }
  json::Value visible_to(const Principal&) const override {
    return json::Object{
        {"epoch", static_cast<std::int64_t>(epoch_)}, {"default", "allow"}, {"policies", json::Array{}}};
  }

 private:
  std::uint64_t epoch_;
};

}  // namespace

std::shared_ptr<const Program> Program::none(const Vocabulary& vocabulary, std::uint64_t epoch) {
  return std::make_shared<const NoProgram>(vocabulary, epoch);
}

std::shared_ptr<const Program> Program::permissive(std::uint64_t epoch) {
  return std::make_shared<const PermissiveProgram>(epoch);
}

}  // namespace agentos::policy
