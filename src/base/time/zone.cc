// Finds zones by name, and turns instants into civil time and back.
#include "base/time/zone.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/io/file.h"
#include "base/time/zone_table.h"

namespace agentos {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_name(std::string_view name) {
  if (name.empty() || name.size() > kZoneNameBytesMax || name.front() == '/' || name.back() == '/') return false;
  char before = '/';
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (before == '/' && !letter) return false;
    if (!letter && !is_digit(c) && c != '+' && c != '-' && c != '_' && c != '/') return false;
    before = c;
  }
  return true;
}

// Seconds of "+HH:MM" or "-HH:MM".
std::optional<std::int32_t> fixed_offset(std::string_view name) {
  if (name.size() != 6 || name[3] != ':') return std::nullopt;
  for (const std::size_t i : {1, 2, 4, 5}) {
    if (!is_digit(name[i])) return std::nullopt;
  }
  const int hours = (name[1] - '0') * 10 + (name[2] - '0');
  const int minutes = (name[4] - '0') * 10 + (name[5] - '0');
  if (minutes > 59 || hours * 60 + minutes > kFixedOffsetHoursMax * 60) return std::nullopt;
  const int seconds = hours * 3600 + minutes * 60;
  return name[0] == '-' ? -seconds : seconds;
}

std::unexpected<Error> no_zone_name(std::string_view name) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("'{}' is not the name of a time zone", name.substr(0, 64)),
              "write an IANA name such as Europe/Berlin, UTC, or an offset such as +02:00");
}

}  // namespace

Result<Zone> Zone::load(std::string_view name) { return load(name, kZoneFolder); }

Result<Zone> Zone::load(std::string_view name, std::string_view folder) {
  if (name == "UTC" || name == "Z") return Zone();
  if (name.starts_with('+') || name.starts_with('-')) {
    const std::optional<std::int32_t> offset_s = fixed_offset(name);
    if (!offset_s) return no_zone_name(name);
    return Zone(std::make_shared<const ZoneTable>(std::string(name), *offset_s));
  }
  if (!is_name(name)) return no_zone_name(name);
  Result<std::string> octets = io::read_file(fmt::format("{}/{}", folder, name), kZoneFileBytesMax);
  if (!octets) {
    if (octets.error().code == ErrorCode::kNotFound)
      return fail(ErrorCode::kNotFound, fmt::format("there is no time zone '{}' in {}", name, folder),
                  "check the spelling, or install the system's tzdata package");
    return std::unexpected(octets.error());
  }
  return parse(name, *octets);
}

Result<Zone> Zone::parse(std::string_view name, std::string_view octets) {
  Result<TzifContents> contents = parse_tzif(octets);
  if (!contents) {
    return fail(contents.error().code, fmt::format("time zone '{}': {}", name, contents.error().message),
                contents.error().hint);
  }
  return Zone(std::make_shared<const ZoneTable>(std::string(name), *contents));
}

const std::string& Zone::name() const {
  static const std::string utc = "UTC";
  return table_ ? table_->name() : utc;
}

ZoneSpan Zone::span_at(std::int64_t utc_s) const { return table_ ? table_->span_at(utc_s) : ZoneSpan{}; }

CivilTime Zone::civil_at(std::int64_t utc_s) const {
  const std::int32_t offset_s = offset_at(utc_s);
  return civil_of_seconds(std::clamp(utc_s, -kCivilSecondsMax, kCivilSecondsMax) + offset_s);
}

std::int64_t Zone::utc_of(const CivilTime& local) const {
  const std::int64_t local_s = seconds_of_civil(local);
  ZoneSpan before;
  // From before any span that can show `local`, a span at a time; the last one has no end.
  for (std::int64_t at_s = local_s - kZoneOffsetMax - 1;;) {
    const ZoneSpan span = span_at(at_s);
    const std::int64_t utc_s = local_s - span.offset_s;
    if (utc_s < span.from_s) return local_s - before.offset_s;
    if (utc_s < span.until_s) return utc_s;
    before = span;
    at_s = span.until_s;
  }
}

}  // namespace agentos
