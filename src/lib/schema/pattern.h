// A regular expression of a schema, in linear time whatever the text: ECMA-262 as far as RE2 can say it.
//
// Look-around and back-references are refused when compiled. As in ECMA-262, a match may be anywhere in the text.
#pragma once

#include <string_view>

#include "base/error.h"
#include "base/regex/pattern.h"

namespace agentos::schema {

class Pattern {
 public:
  // Errors and bounds are those of regex::Pattern::compile.
  static Result<Pattern> compile(std::string_view expression);

  bool matches(std::string_view text) const;  // thread-safe

 private:
  explicit Pattern(regex::Pattern expression) : expression_(std::move(expression)) {}
  regex::Pattern expression_;
};

}  // namespace agentos::schema
