// What a rule hides from a result, or from arguments as they are recorded: members by name, text by pattern.
//
// Immutable and thread-safe. Redacting never fails: what cannot be looked into is replaced as a whole.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json/value.h"
#include "base/regex/pattern.h"

namespace agentos::policy {

struct RedactionSpec {
  std::vector<std::string> members;  // "password", or a path from the top: "user.password"
  std::string pattern;               // RE2; empty: none
  std::string with = "[redacted]";
};

class Redaction {
 public:
  // kInvalidArgument: neither members nor a pattern, or one that does not compile.
  static Result<Redaction> compile(RedactionSpec spec);

  // How many pieces were replaced in `value`, at any depth.
  std::size_t apply(json::Value& value) const;
  std::size_t apply(std::string& text) const;  // the pattern only
  const RedactionSpec& spec() const { return spec_; }

 private:
  std::size_t apply_at(json::Value& value, const std::string& path, int depth) const;
  std::size_t apply_to_names(json::Object& object) const;
  RedactionSpec spec_;
  std::shared_ptr<const regex::Pattern> pattern_;
};

}  // namespace agentos::policy
