// JSON Schema 2020-12 validation: compile once, validate many. No network references, everything bounded.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json/value.h"

namespace agentos::schema {

struct Violation {
  std::string instance;  // JSON Pointer into the instance, "" for the root
  std::string keyword;   // JSON Pointer into the schema, "/properties/path/type"
  std::string message;   // "must be a string"
};

class Schema {
 public:
  // kMalformed with the schema's JSON Pointer for anything that is not a valid schema, a reference that does not
  // resolve inside it, or beyond the bounds (10,000 subschemas, depth 64).
  static Result<Schema> compile(const json::Value& document);
  ~Schema();
  Schema(Schema&&) noexcept;
  Schema& operator=(Schema&&) noexcept;

  // Violations found, at most `violations_max`; empty means valid. Thread-safe. Bounded work: an instance that
  // needs more than 1,000,000 steps is a violation that says so.
  std::vector<Violation> validate(const json::Value& instance, std::size_t violations_max = 8) const;

 private:
  struct Program;
  explicit Schema(std::shared_ptr<const Program> program);
  std::shared_ptr<const Program> program_;
};

}  // namespace agentos::schema
