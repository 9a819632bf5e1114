// A condition of the original as an expression that gives the same answer, or fails where the original raises: then
// both deny.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "lib/policy/original/document.h"

namespace agentos::policy::importing {

// What a field is here.
struct Subject {
  std::string value = {};    // an expression
  std::string present = {};  // what must hold for it to be there; empty: it always is
  bool is_text = false;      // else of any type
  bool may_be_null = false;
};

struct Condition {
  std::string when = {};     // empty: always
  bool raises = false;       // whenever the field is there: the original denies
  std::string differs = {};  // in which cases it decides otherwise; empty: none
};

// kTooLarge: longer than an expression may be.
Result<Condition> condition_of(const original::Rule& rule, const Subject& subject);

// A text as a literal of an expression.
std::string literal_text(std::string_view text);

}  // namespace agentos::policy::importing
