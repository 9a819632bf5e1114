// A request as people write it (JSON or YAML), and as the engine decides it: what the kernel would have made of the
// call, with the same canonical paths. Keys: docs/reference/policy.md.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json/value.h"
#include "lib/policy/policy.h"

namespace agentos::policy::tools {

// What is looked up in a JSON object by name.
class ObjectArguments final : public Arguments {
 public:
  explicit ObjectArguments(const json::Value& object) : object_(object) {}
  bool text(std::string_view name, std::string_view& out) const override;
  bool integer(std::string_view name, std::int64_t& out) const override;
  bool present(std::string_view name) const override { return object_.find(name) != nullptr; }
  const json::Value* object() const override { return &object_; }

 private:
  const json::Value& object_;
};

struct RequestParts;  // request.cc

// Owns every text of one request. Immovable, since the request's views point into it.
class StatedRequest {
 public:
  // kInvalidArgument with the key that is wrong. `program` resolves happened and used_up, which name its sequences and
  // limits; it and `vocabulary` must outlive the request.
  static Result<std::unique_ptr<const StatedRequest>> read(const json::Value& stated, const Vocabulary& vocabulary,
                                                           const Program& program, canonical::SqlParser* sql = nullptr);
  ~StatedRequest();
  StatedRequest(const StatedRequest&) = delete;
  StatedRequest& operator=(const StatedRequest&) = delete;

  const Request& request() const;

 private:
  explicit StatedRequest(std::unique_ptr<RequestParts> parts);
  std::unique_ptr<RequestParts> parts_;
};

// {"verdict", "rule", "reason", "message", "obligations", ...}: what eval prints.
json::Object to_json(const Decision& decision);

}  // namespace agentos::policy::tools
