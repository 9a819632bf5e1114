// A request's arguments with some replaced, and the search for replacements an expression accepts.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/policy/expression.h"

namespace agentos::policy {

class ChangedArguments final : public Arguments {
 public:
  explicit ChangedArguments(const Arguments* original) : original_(original) {}
  void set(const std::string& name, json::Value value);

  bool text(std::string_view name, std::string_view& out) const override;
  bool integer(std::string_view name, std::int64_t& out) const override;
  bool present(std::string_view name) const override;
  const json::Value* object() const override { return &object_of_all(); }

 private:
  const json::Value& object_of_all() const;
  const Arguments* original_;
  std::map<std::string, json::Value, std::less<>> changed_;
  mutable std::optional<json::Value> all_;
};

using Changes = std::vector<std::pair<std::string, json::Value>>;

// The fewest arguments to change, at most two, so that `expression` holds; nothing when none is found among the values
// it compares arguments with.
std::optional<Changes> changes_for(const Expression& expression, const Request& request);

}  // namespace agentos::policy
