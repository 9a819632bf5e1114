// The offsets of one zone as a sorted table that a lookup searches, and the 400 years that repeat for ever after it.
//
// Immutable but for a hint, the place last found, which makes the same season cheap; any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time/tzif.h"
#include "base/time/zone.h"

namespace agentos {

class ZoneTable {
 public:
  ZoneTable(std::string name, std::int32_t offset_s);  // fixed
  ZoneTable(std::string name, const TzifContents& contents);

  const std::string& name() const { return name_; }
  ZoneSpan span_at(std::int64_t utc_s) const;

 private:
  void extend(const PosixRule& rule, std::int64_t first_year);

  std::string name_;
  std::vector<std::int64_t> from_s_;  // ascending; the first is INT64_MIN
  std::vector<std::int32_t> offset_s_;
  std::int64_t repeats_from_s_ = INT64_MAX;  // an instant at or after this is looked up whole periods earlier
  mutable std::atomic<std::uint32_t> hint_{0};
};

}  // namespace agentos
