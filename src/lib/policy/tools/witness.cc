// Steepest ascent over single edits, then over pairs of them.
#include "lib/policy/tools/witness.h"

#include <algorithm>

#include "lib/policy/tools/bounds.h"

namespace agentos::policy::tools {
namespace {

const Vocabulary::Call* call_at(const Rule& rule, const Vocabulary& vocabulary, std::size_t which) {
  for (const Vocabulary::Call& call : vocabulary.calls) {
    if (!rule.any_call && !std::ranges::binary_search(rule.calls, call.number)) continue;
    if (which-- == 0) return &call;
  }
  return nullptr;
}

class Climb {
 public:
  Climb(const RuleClauses& clauses, const PolicySet& set, json::Object start)
      : clauses_(clauses), set_(set), best_(std::move(start)), unmet_(unmet(best_)) {}

  std::optional<json::Object> run(const std::vector<Dimension>& dimensions) {
    while (unmet_ > 0 && tries_ < kSatisfyTriesMax) {
      if (!single(dimensions) && !pair(dimensions)) return std::nullopt;
    }
    if (unmet_ > 0) return std::nullopt;
    return std::move(best_);
  }

 private:
  static constexpr std::size_t kUnreadable = SIZE_MAX;

  std::size_t unmet(const json::Object& stated) {
    ++tries_;
    const auto request = set_.read(json::Value(stated));
    return request ? clauses_.unmet((*request)->request()) : kUnreadable;
  }

  bool better(json::Object candidate) {
    const std::size_t count = unmet(candidate);
    if (count >= unmet_) return false;
    best_ = std::move(candidate);
    unmet_ = count;
    return true;
  }

  bool single(const std::vector<Dimension>& dimensions) {
    for (const Dimension& dimension : dimensions) {
      for (const Edit& edit : dimension.edits) {
        if (tries_ >= kSatisfyTriesMax) return false;
        json::Object candidate = best_;
        apply_edit(edit, candidate);
        if (better(std::move(candidate))) return true;
      }
    }
    return false;
  }

  bool pair(const std::vector<Dimension>& dimensions) {
    for (std::size_t i = 0; i < dimensions.size(); ++i) {
      for (std::size_t j = i + 1; j < dimensions.size(); ++j) {
        for (const Edit& first : dimensions[i].edits) {
          for (const Edit& second : dimensions[j].edits) {
            if (tries_ >= kSatisfyTriesMax) return false;
            json::Object candidate = best_;
            apply_edit(first, candidate);
            apply_edit(second, candidate);
            if (better(std::move(candidate))) return true;
          }
        }
      }
    }
    return false;
  }

  const RuleClauses& clauses_;
  const PolicySet& set_;
  std::size_t tries_ = 0;
  json::Object best_;
  std::size_t unmet_;
};

}  // namespace

std::size_t calls_of(const Rule& rule, const Vocabulary& vocabulary) {
  return static_cast<std::size_t>(std::ranges::count_if(vocabulary.calls, [&](const Vocabulary::Call& call) {
    return rule.any_call || std::ranges::binary_search(rule.calls, call.number);
  }));
}

json::Object base_request(const Rule& rule, const Vocabulary& vocabulary, std::size_t which_call) {
  json::Object stated{{"agent", "agent-1"}, {"name", "agent"}, {"parent", "parent-1"}};
  if (rule.phase != Phase::kCall) stated.append("phase", phase_name(rule.phase));
  const Vocabulary::Call* call = call_at(rule, vocabulary, which_call);
  if (call == nullptr) return stated;
  stated.append("call", call->name);
  if (call->name == "exec") stated.append("tool", rule.tools.empty() ? "a-tool" : rule.tools.front().example());
  const bool has_path = std::ranges::find(call->arguments, "path", &abi::FieldInfo::name) != call->arguments.end();
  if (has_path || !rule.paths.empty()) {
    stated.append("path", rule.paths.empty() ? "/state/x" : rule.paths.front().example());
  }
  if (call->name == "rename") {
    stated.append("path_to", rule.paths.empty() ? "/state/y" : rule.paths.front().example());
  }
  if (rule.phase == Phase::kResult) stated.append("result", json::Object{{"text", "x"}, {"value", "x"}});
  return stated;
}

std::optional<json::Object> satisfying_request(const RuleClauses& clauses, const std::vector<Dimension>& dimensions,
                                               const PolicySet& set, json::Object start) {
  return Climb(clauses, set, std::move(start)).run(dimensions);
}

}  // namespace agentos::policy::tools
