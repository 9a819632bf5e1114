// A regular expression of a schema, in linear time whatever the text: ECMA-262 as far as RE2 can say it.
//
// Look-around and back-references are refused when compiled. As in ECMA-262, a match may be anywhere in the text.
#pragma once

#include <memory>
#include <string_view>

#include "base/error.h"

namespace agentos::schema {

class Pattern {
 public:
  // kMalformed naming what RE2 does not know; at most 4,096 bytes and a program of bounded size.
  static Result<Pattern> compile(std::string_view expression);
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();

  bool matches(std::string_view text) const;  // thread-safe

 private:
  struct Compiled;
  explicit Pattern(std::unique_ptr<const Compiled> compiled);
  std::unique_ptr<const Compiled> compiled_;
};

}  // namespace agentos::schema
