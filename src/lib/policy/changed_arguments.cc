// One change at a time first, then two of different arguments, within a bound.
#include "lib/policy/changed_arguments.h"

#include "lib/policy/request_view.h"

namespace agentos::policy {
namespace {

constexpr std::size_t kCombinationsMax = 4096;

bool holds_with(const Expression& expression, const Request& request, const Changes& changes) {
  ChangedArguments arguments(request.arguments);
  for (const auto& [name, value] : changes) arguments.set(name, value);
  Request changed = request;
  changed.arguments = &arguments;
  RequestView view(changed);
  return expression.holds(view) == Truth::kTrue;
}

}  // namespace

void ChangedArguments::set(const std::string& name, json::Value value) {
  changed_[name] = std::move(value);
  all_.reset();
}

bool ChangedArguments::text(std::string_view name, std::string_view& out) const {
  auto found = changed_.find(name);
  if (found == changed_.end()) return original_ != nullptr && original_->text(name, out);
  if (!found->second.is_string()) return false;
  out = found->second.as_string();
  return true;
}

bool ChangedArguments::integer(std::string_view name, std::int64_t& out) const {
  auto found = changed_.find(name);
  if (found == changed_.end()) return original_ != nullptr && original_->integer(name, out);
  if (!found->second.is_int()) return false;
  out = found->second.as_int();
  return true;
}

bool ChangedArguments::present(std::string_view name) const {
  return changed_.contains(name) || (original_ != nullptr && original_->present(name));
}

const json::Value& ChangedArguments::object_of_all() const {
  if (all_) return *all_;
  const json::Value* own = original_ == nullptr ? nullptr : original_->object();
  json::Object object;
  if (own != nullptr && own->is_object()) object = own->as_object();
  for (const auto& [name, value] : changed_) object[name] = value;
  all_ = json::Value(std::move(object));
  return *all_;
}

std::optional<Changes> changes_for(const Expression& expression, const Request& request) {
  const Changes candidates = expression.candidates();
  std::size_t tries = 0;
  for (const auto& candidate : candidates) {
    if (++tries > kCombinationsMax) return std::nullopt;
    if (holds_with(expression, request, {candidate})) return Changes{candidate};
  }
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    for (std::size_t j = i + 1; j < candidates.size(); ++j) {
      if (candidates[i].first == candidates[j].first) continue;
      if (++tries > kCombinationsMax) return std::nullopt;
      if (holds_with(expression, request, {candidates[i], candidates[j]})) return Changes{candidates[i], candidates[j]};
    }
  }
  return std::nullopt;
}

}  // namespace agentos::policy
