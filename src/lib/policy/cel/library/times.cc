// Functions of timestamps and durations. Calendar fields are read in UTC, or in a named zone or fixed offset.
#include "lib/policy/cel/library/times.h"

#include <array>
#include <string>

#include "base/time/zone.h"
#include "lib/policy/cel/library/library.h"
#include "lib/policy/cel/run/operations.h"

namespace agentos::cel {
namespace {

constexpr std::size_t kRememberedZones = 16;  // by each thread

// The zone of a name. Each thread remembers the last few, so that a policy that names one reads its file once.
const Zone* zone_named(std::string_view name) {
  struct Remembered {
    std::string name;
    Zone zone;
  };
  thread_local std::array<Remembered, kRememberedZones> remembered;
  thread_local std::size_t next = 0;
  for (const Remembered& each : remembered)
    if (!each.name.empty() && each.name == name) return &each.zone;
  std::string wanted(name.substr(0, 100));
  if (!wanted.empty() && wanted[0] >= '0' && wanted[0] <= '9') wanted.insert(wanted.begin(), '+');
  if (wanted == "-00:00") wanted = "UTC";
  Result<Zone> zone = Zone::load(wanted);
  if (!zone) return nullptr;
  Remembered& place = remembered[next++ % kRememberedZones];
  place = {std::string(name), std::move(*zone)};
  return &place.zone;
}

using Reader = std::int64_t (*)(const CivilTime&, std::uint32_t nanoseconds);

template <Reader reader>
Value read_utc(const CallContext&, Arguments arguments) {
  return Value::integer(reader(civil_of_seconds(arguments[0].seconds()), arguments[0].nanoseconds()));
}

template <Reader reader>
Value read_in_zone(const CallContext& context, Arguments arguments) {
  const Zone* zone = zone_named(arguments[1].text());
  if (zone == nullptr) return fault(context.scratch, "unknown time zone '{}'", arguments[1].text().substr(0, 64));
  return Value::integer(reader(zone->civil_at(arguments[0].seconds()), arguments[0].nanoseconds()));
}

std::int64_t year(const CivilTime& civil, std::uint32_t) { return civil.year; }
std::int64_t month(const CivilTime& civil, std::uint32_t) { return civil.month - 1; }
std::int64_t date(const CivilTime& civil, std::uint32_t) { return civil.day; }
std::int64_t day_of_month(const CivilTime& civil, std::uint32_t) { return civil.day - 1; }
std::int64_t day_of_week(const CivilTime& civil, std::uint32_t) { return civil.weekday; }
std::int64_t day_of_year(const CivilTime& civil, std::uint32_t) { return civil.day_of_year; }
std::int64_t hours(const CivilTime& civil, std::uint32_t) { return civil.hour; }
std::int64_t minutes(const CivilTime& civil, std::uint32_t) { return civil.minute; }
std::int64_t seconds(const CivilTime& civil, std::uint32_t) { return civil.second; }
std::int64_t milliseconds(const CivilTime&, std::uint32_t nanoseconds) { return nanoseconds / 1'000'000; }

// Whole units of a duration, towards zero.
template <std::int64_t unit>
Value whole_units(const CallContext&, Arguments arguments) {
  std::int64_t seconds = arguments[0].seconds();
  if (seconds < 0 && arguments[0].nanoseconds() != 0) ++seconds;
  return Value::integer(seconds / unit);
}

Value milliseconds_of_second(const CallContext&, Arguments arguments) {
  const std::int64_t nanoseconds = arguments[0].nanoseconds();
  const bool negative = arguments[0].seconds() < 0 && nanoseconds != 0;
  return Value::integer(negative ? -((1'000'000'000 - nanoseconds) / 1'000'000) : nanoseconds / 1'000'000);
}

Value same(const CallContext&, Arguments arguments) { return arguments[0]; }
Value string_to_timestamp(const CallContext& context, Arguments arguments) {
  return parse_timestamp(context.scratch, arguments[0].text());
}
Value int_to_timestamp(const CallContext& context, Arguments arguments) {
  return checked_timestamp(context.scratch, arguments[0].as_int(), 0);
}
Value timestamp_to_int(const CallContext&, Arguments arguments) { return Value::integer(arguments[0].seconds()); }
Value timestamp_to_string(const CallContext& context, Arguments arguments) {
  return timestamp_text(context.scratch, arguments[0]);
}
Value string_to_duration(const CallContext& context, Arguments arguments) {
  return parse_duration(context.scratch, arguments[0].text());
}
Value duration_to_string(const CallContext& context, Arguments arguments) {
  return duration_text(context.scratch, arguments[0]);
}

template <Reader reader>
void add_reader(Rows& rows, std::string_view name, std::string_view id, std::string_view zoned_id) {
  rows.push_back({id, name, CallStyle::kMember, "timestamp", "int", read_utc<reader>});
  rows.push_back({zoned_id, name, CallStyle::kMember, "timestamp,string", "int", read_in_zone<reader>});
}

}  // namespace

Rows time_rows() {
  constexpr auto kGlobal = CallStyle::kGlobal;
  constexpr auto kMember = CallStyle::kMember;
  Rows rows = {
      {"timestamp_to_timestamp", "timestamp", kGlobal, "timestamp", "timestamp", same},
      {"string_to_timestamp", "timestamp", kGlobal, "string", "timestamp", string_to_timestamp},
      {"int64_to_timestamp", "timestamp", kGlobal, "int", "timestamp", int_to_timestamp},
      {"duration_to_duration", "duration", kGlobal, "duration", "duration", same},
      {"string_to_duration", "duration", kGlobal, "string", "duration", string_to_duration},
      {"timestamp_to_int64", "int", kGlobal, "timestamp", "int", timestamp_to_int},
      {"timestamp_to_string", "string", kGlobal, "timestamp", "string", timestamp_to_string},
      {"duration_to_string", "string", kGlobal, "duration", "string", duration_to_string},
      {"duration_to_hours", "getHours", kMember, "duration", "int", whole_units<3600>},
      {"duration_to_minutes", "getMinutes", kMember, "duration", "int", whole_units<60>},
      {"duration_to_seconds", "getSeconds", kMember, "duration", "int", whole_units<1>},
      {"duration_to_milliseconds", "getMilliseconds", kMember, "duration", "int", milliseconds_of_second},
  };
  add_reader<year>(rows, "getFullYear", "timestamp_to_year", "timestamp_to_year_with_tz");
  add_reader<month>(rows, "getMonth", "timestamp_to_month", "timestamp_to_month_with_tz");
  add_reader<date>(rows, "getDate", "timestamp_to_day_of_month_1_based", "timestamp_to_day_of_month_1_based_with_tz");
  add_reader<day_of_month>(rows, "getDayOfMonth", "timestamp_to_day_of_month", "timestamp_to_day_of_month_with_tz");
  add_reader<day_of_week>(rows, "getDayOfWeek", "timestamp_to_day_of_week", "timestamp_to_day_of_week_with_tz");
  add_reader<day_of_year>(rows, "getDayOfYear", "timestamp_to_day_of_year", "timestamp_to_day_of_year_with_tz");
  add_reader<hours>(rows, "getHours", "timestamp_to_hours", "timestamp_to_hours_with_tz");
  add_reader<minutes>(rows, "getMinutes", "timestamp_to_minutes", "timestamp_to_minutes_with_tz");
  add_reader<seconds>(rows, "getSeconds", "timestamp_to_seconds", "timestamp_to_seconds_with_tz");
  add_reader<milliseconds>(rows, "getMilliseconds", "timestamp_to_milliseconds", "timestamp_to_milliseconds_with_tz");
  return rows;
}

}  // namespace agentos::cel
