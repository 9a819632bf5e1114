// Zones by name, across changes of offset, for ever; and beside the C library for every zone of the system.
#include "base/time/zone.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <random>

#include "base/time/tzif_fixture.h"

namespace agentos {
namespace {

constexpr const char* kBerlinRule = "CET-1CEST,M3.5.0,M10.5.0/3";

Zone berlin() {
  auto zone = Zone::parse("Berlin", fixture::Tzif{.offsets = {3600}, .footer = kBerlinRule}.octets());
  EXPECT_TRUE(zone) << zone.error().message;
  return *zone;
}

std::int64_t at(const Zone& zone, std::int64_t year, int month, int day, int hour, int minute) {
  return zone.utc_of({.year = year, .month = month, .day = day, .hour = hour, .minute = minute, .second = 0});
}

TEST(Zone, utc_and_fixed_offsets_need_no_files) {
  EXPECT_EQ(Zone().name(), "UTC");
  EXPECT_EQ(Zone::load("UTC", "/nowhere")->offset_at(0), 0);
  EXPECT_EQ(Zone::load("Z", "/nowhere")->offset_at(0), 0);
  EXPECT_EQ(Zone::load("+02:00", "/nowhere")->offset_at(0), 7200);
  EXPECT_EQ(Zone::load("-09:30", "/nowhere")->offset_at(0), -34'200);
  EXPECT_EQ(Zone::load("+18:00", "/nowhere")->name(), "+18:00");
}

TEST(Zone, names_that_could_be_paths_are_refused) {
  for (const char* name :
       {"", "/etc/passwd", "../etc/passwd", "Europe/../Rome", "Europe//Rome", "Europe/", "Europe/.Rome", "Eu rope",
        "Europe\\Rome", "+2", "+02:60", "+18:01", "+0200", "-2:00x", "+1a:00", ":Europe/Rome", "Europe/Rome\n"}) {
    const auto zone = Zone::load(name);
    ASSERT_FALSE(zone) << name;
    EXPECT_EQ(zone.error().code, ErrorCode::kInvalidArgument) << name;
  }
  EXPECT_FALSE(Zone::load(std::string(65, 'A')));
  EXPECT_FALSE(Zone::load(std::string_view("Europe\0Rome", 11)));
  const auto unknown = Zone::load("Europe/Atlantis");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
}

TEST(Zone, clocks_are_set_on_the_days_of_the_rule) {
  const Zone zone = berlin();
  const std::int64_t spring = seconds_of_civil({.year = 2024, .month = 3, .day = 31, .hour = 1});
  const std::int64_t autumn = seconds_of_civil({.year = 2024, .month = 10, .day = 27, .hour = 1});
  EXPECT_EQ(zone.offset_at(spring - 1), 3600);
  EXPECT_EQ(zone.offset_at(spring), 7200);
  EXPECT_EQ(zone.offset_at(autumn - 1), 7200);
  EXPECT_EQ(zone.offset_at(autumn), 3600);
  EXPECT_EQ(zone.span_at(spring).from_s, spring);
  EXPECT_EQ(zone.span_at(spring).until_s, autumn);
  EXPECT_EQ(zone.civil_at(spring), (CivilTime{2024, 3, 31, 3, 0, 0, 0, 90}));
}

TEST(Zone, a_skipped_hour_reads_on_and_a_repeated_one_means_its_first) {
  const Zone zone = berlin();
  EXPECT_EQ(at(zone, 2024, 3, 31, 2, 30), at(zone, 2024, 3, 31, 3, 30));
  EXPECT_EQ(at(zone, 2024, 3, 31, 3, 0), at(zone, 2024, 3, 31, 1, 59) + 60);
  const std::int64_t first = at(zone, 2024, 10, 27, 2, 30);
  EXPECT_EQ(zone.offset_at(first), 7200);
  EXPECT_EQ(zone.civil_at(first), zone.civil_at(first + 3600));
  EXPECT_EQ(at(zone, 2024, 10, 27, 3, 0), first + 3600 + 1800);
}

TEST(Zone, the_rule_holds_for_ever) {
  const Zone zone = berlin();
  for (const std::int64_t year : {std::int64_t{5}, std::int64_t{399}, std::int64_t{401}, std::int64_t{402},
                                  std::int64_t{2400}, std::int64_t{9999}, std::int64_t{1'000'000}}) {
    const std::int64_t summer = seconds_of_civil({.year = year, .month = 7, .day = 1});
    const ZoneSpan span = zone.span_at(summer);
    EXPECT_EQ(span.offset_s, 7200) << year;
    const CivilTime begins = civil_of_seconds(span.from_s);
    EXPECT_EQ(begins.weekday, 0) << year;
    EXPECT_EQ(begins.month, 3) << year;
    EXPECT_GE(begins.day, 25) << year;
    EXPECT_EQ(zone.offset_at(seconds_of_civil({.year = year, .month = 1, .day = 9})), 3600) << year;
  }
}

TEST(Zone, daylight_saving_without_end_never_ends) {
  const auto zone = Zone::parse("x", fixture::Tzif{.offsets = {-10'800}, .footer = "XXX3EDT4,0/0,J365/23"}.octets());
  ASSERT_TRUE(zone);
  for (int day = 0; day < 1000; ++day) {
    ASSERT_EQ(zone->offset_at(seconds_of_civil({.year = 2024, .month = 12, .day = 30}) + day * 3'600LL), -14'400);
  }
}

TEST(Zone, a_rule_follows_the_changes_of_the_file) {
  const std::int64_t joined = seconds_of_civil({.year = 2010, .month = 6, .day = 1});
  const auto zone = Zone::parse(
      "x", fixture::Tzif{.offsets = {1234, 7200}, .changes = {{joined, 1}}, .footer = kBerlinRule}.octets());
  ASSERT_TRUE(zone);
  EXPECT_EQ(zone->offset_at(joined - 1), 1234);
  EXPECT_EQ(zone->offset_at(joined), 7200);
  EXPECT_EQ(zone->civil_at(zone->span_at(joined).until_s - 1), (CivilTime{2010, 10, 31, 2, 59, 59, 0, 303}));
  EXPECT_EQ(zone->offset_at(seconds_of_civil({.year = 2700, .month = 1, .day = 1})), 3600);
}

TEST(Zone, spans_meet_and_civil_time_inverts) {
  const Zone zone = berlin();
  std::mt19937_64 random(3);
  for (int i = 0; i < 20'000; ++i) {
    const auto utc_s = static_cast<std::int64_t>(random() % 200'000'000'000) - 80'000'000'000;
    const ZoneSpan span = zone.span_at(utc_s);
    ASSERT_LE(span.from_s, utc_s);
    ASSERT_GT(span.until_s, utc_s);
    ASSERT_EQ(zone.span_at(span.until_s).from_s, span.until_s);
    const CivilTime civil = zone.civil_at(utc_s);
    const std::int64_t back = zone.utc_of(civil);
    ASSERT_TRUE(back == utc_s || back == utc_s - 3600);
    ASSERT_EQ(zone.civil_at(back), civil);
  }
}

// The C library reads TZ; it is put back. Tests of a program run one after another.
class SystemZone {
 public:
  explicit SystemZone(const std::string& name) {
    if (const char* tz = std::getenv("TZ")) before_ = tz;
    setenv("TZ", (":" + name).c_str(), 1);
    tzset();
  }
  ~SystemZone() {
    before_.empty() ? unsetenv("TZ") : setenv("TZ", before_.c_str(), 1);
    tzset();
  }
  static std::int64_t offset_at(std::int64_t utc_s) {
    const auto instant = static_cast<std::time_t>(utc_s);
    std::tm local{};
    localtime_r(&instant, &local);
    return local.tm_gmtoff;
  }

 private:
  std::string before_;
};

TEST(Zone, every_zone_of_the_system_agrees_with_the_c_library) {
  std::size_t zones = 0;
  const std::filesystem::path folder{kZoneFolder};
  if (!std::filesystem::exists(folder / "Europe")) GTEST_SKIP() << "no zoneinfo on this system";
  for (const char* part : {"Africa", "America", "Antarctica", "Asia", "Australia", "Etc", "Europe", "Pacific"}) {
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder / part)) {
      if (!file.is_regular_file()) continue;
      const std::string name = std::filesystem::relative(file.path(), folder);
      const auto zone = Zone::load(name);
      ASSERT_TRUE(zone) << zone.error().message;
      ++zones;
      const SystemZone system(name);
      for (std::int64_t utc_s = -2'000'000'000; utc_s < 6'000'000'000; utc_s += 9'700'000)
        ASSERT_EQ(zone->offset_at(utc_s), SystemZone::offset_at(utc_s)) << name << ' ' << utc_s;
      for (std::int64_t utc_s = -2'000'000'000; utc_s < 6'000'000'000;) {
        const ZoneSpan span = zone->span_at(utc_s);
        ASSERT_EQ(span.offset_s, SystemZone::offset_at(utc_s)) << name << ' ' << utc_s;
        if (span.until_s > 6'000'000'000) break;
        ASSERT_EQ(span.offset_s, SystemZone::offset_at(span.until_s - 1)) << name << ' ' << span.until_s;
        utc_s = span.until_s;
      }
    }
  }
  EXPECT_GT(zones, 100U);
}

}  // namespace
}  // namespace agentos
