// Reads a leaf and insists on its one canonical spelling; takes any octets.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "lib/recorder/entry.h"

namespace agentos::recorder {

enum class Kind : std::uint8_t { kIntent, kOutcome, kRefused, kEvent };

struct Leaf {
  Kind kind = Kind::kEvent;
  Index intent = kNoIndex;                     // of an outcome
  bool external = false;                       // an intent with verdict allow and effect external
  bool unknown = false;                        // an outcome with status unknown
  bool recovery = false;                       // an event of an opening that found the log not closed
  bool whole = false;                          // its content is kept whole, in the blob its opening names
  std::optional<std::string_view> commitment;  // 43 characters
};

// What is wrong otherwise: not RFC 8785, a field missing or of another type, a newer version.
std::expected<Leaf, const char*> read_leaf(std::string_view leaf);

}  // namespace agentos::recorder
