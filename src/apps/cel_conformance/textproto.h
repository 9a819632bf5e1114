// Reads protobuf text format into a tree, without a schema. Strict: anything the format does not allow is refused with
// its line and column, and so is anything beyond the bounds.
//
// Source: protobuf.dev's text format specification.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace agentos::cel_conformance {

inline constexpr std::size_t kTextBytesMax = 8 << 20;
inline constexpr std::size_t kDepthMax = 100;
inline constexpr std::size_t kFieldsMax = 1'000'000;

enum class FieldKind { kText, kWord, kMessage };  // a string; a number or name as it is written; fields

struct Field {
  std::string name = {};  // "expr"; of an extension or Any "[type.googleapis.com/...]"
  FieldKind kind = FieldKind::kWord;
  std::string text = {};  // a string's octets, or the word
  std::vector<Field> fields = {};
  std::size_t line = 0;

  // The first field of that name, or nullptr.
  const Field* find(std::string_view wanted) const;
  std::string_view text_of(std::string_view wanted) const;  // its text, empty when it is not there
};

// A Field without name that holds the file's fields. kMalformed, kTooLarge.
Result<Field> parse_textproto(std::string_view text);

}  // namespace agentos::cel_conformance
