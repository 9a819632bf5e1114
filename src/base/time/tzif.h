// What a TZif file (RFC 9636) says, read strictly and within bounds: offsets, the instants they begin, and the rule for
// all later time.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time/posix_rule.h"

namespace agentos {

struct TzifContents {
  std::int32_t first_offset_s = 0;         // before the first change
  std::vector<PosixRule::Change> changes;  // ascending
  std::optional<PosixRule> rule;           // after the last change; without changes: always
};

// malformed, with what is wrong; unsupported for version 1 files and for files that count leap seconds.
Result<TzifContents> parse_tzif(std::string_view octets);

}  // namespace agentos
