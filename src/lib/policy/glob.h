// Globs over names and over canonical paths, matched in bounded time (at most pattern octets times text octets).
//
// In a name '*' stands for any octets. In a path '*' stays inside one component and '**', which must be a whole
// component, stands for zero or more of them: "/a/**" is /a and everything below. '?' is one character in both.
// Nothing else is special; '[', ']', '{', '}', '\' and a leading '!' are refused so that nobody is surprised.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace agentos::policy {

class Glob {
 public:
  enum class Style : std::uint8_t { kName, kPath };

  // kInvalidArgument with what is wrong; the caller knows the position.
  static Result<Glob> compile(std::string_view pattern, Style style);

  bool matches(std::string_view text) const;  // allocates nothing; the empty text matches no glob
  const std::string& pattern() const { return pattern_; }
  bool is_literal() const { return kind_ == Kind::kLiteral; }
  // Of a path glob: the longest folder (or the whole literal path) every match is or lies below; "" for the root.
  std::string_view folder() const { return std::string_view(pattern_).substr(0, folder_size_); }
  // Of a name glob: the octets every match begins with; all of a literal.
  std::string_view prefix() const {
    return is_literal() ? std::string_view(pattern_) : std::string_view(pattern_).substr(0, fixed_size_);
  }
  // A text that matches, for suggestions to people.
  std::string example() const;

 private:
  enum class Kind : std::uint8_t { kAll, kLiteral, kPrefix, kSuffix, kFolder, kName, kPath };
  Kind kind_ = Kind::kLiteral;
  std::uint16_t folder_size_ = 0;
  std::uint16_t fixed_size_ = 0;  // kPrefix, kFolder: leading octets that are literal
  std::string pattern_;
};

}  // namespace agentos::policy
