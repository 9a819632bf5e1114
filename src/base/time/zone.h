// IANA time zones for instants: the offset from UTC in force, and civil time both ways, correct across changes of
// offset.
//
// A Zone is an immutable value; copies share its table. Lookups allocate nothing, may run on any thread and take
// nanoseconds when asked about the same season again. Zones come from the system's zoneinfo (RFC 9636, "TZif", also
// without explicit transitions, by the POSIX rule in its footer, for all years to come); a file is read within named
// bounds and a damaged one is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time/civil.h"

namespace agentos {

inline constexpr std::string_view kZoneFolder = "/usr/share/zoneinfo";
inline constexpr std::size_t kZoneNameBytesMax = 64;
inline constexpr std::size_t kZoneFileBytesMax = 1u << 16;
inline constexpr std::size_t kZoneTransitionsMax = 4096;       // in a file
inline constexpr std::int32_t kZoneOffsetMax = 26 * 3600 - 1;  // seconds either way; what RFC 9636 allows
inline constexpr int kFixedOffsetHoursMax = 18;                // of a name such as "+02:00"

class ZoneTable;

// A stretch of time with one offset: from_s <= t < until_s (INT64_MIN, INT64_MAX: unbounded). Neighbours may share an
// offset.
struct ZoneSpan {
  std::int64_t from_s = INT64_MIN;
  std::int64_t until_s = INT64_MAX;
  std::int32_t offset_s = 0;  // east of UTC is positive
};

class Zone {
 public:
  Zone() = default;  // UTC

  // "UTC" or "Z"; a fixed offset "+HH:MM" or "-HH:MM" (up to 18:00); else an IANA name such as "Europe/Berlin", of
  // letters, digits, + - _ and single inner slashes. invalid_argument: the name is not of that form. not_found: the
  // system has no such zone. malformed: its file is damaged, too large, or counts leap seconds.
  static Result<Zone> load(std::string_view name);
  static Result<Zone> load(std::string_view name, std::string_view folder);  // instead of kZoneFolder

  // A zone from the octets of a TZif file of version 2 or higher.
  static Result<Zone> parse(std::string_view name, std::string_view octets);

  const std::string& name() const;  // as it was asked for
  std::int32_t offset_at(std::int64_t utc_s) const { return span_at(utc_s).offset_s; }
  ZoneSpan span_at(std::int64_t utc_s) const;
  CivilTime civil_at(std::int64_t utc_s) const;

  // The instant at which a clock of this zone shows `local`. Shown twice (clocks set back): the first time. Never shown
  // (clocks set forward): what the clock would show had it not been set, so 02:30 in a gap from 02:00 is 03:30.
  std::int64_t utc_of(const CivilTime& local) const;

 private:
  explicit Zone(std::shared_ptr<const ZoneTable> table) : table_(std::move(table)) {}
  std::shared_ptr<const ZoneTable> table_;  // null: UTC
};

}  // namespace agentos
