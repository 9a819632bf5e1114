// The calendar: eras of 400 years, each 146,097 days; years begin in March so that the leap day comes last.
#include "base/time/civil.h"

#include <algorithm>

namespace agentos {
namespace {

constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::int64_t kEraDays = 146'097;
constexpr std::int64_t kEpochFromMarch0 = 719'468;  // days from 0000-03-01 to 1970-01-01
constexpr std::int64_t kYearMax = std::int64_t{1} << 31;
constexpr int kFieldMax = 1'000'000;

std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

bool is_leap(std::int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

}  // namespace

std::int64_t days_of_date(std::int64_t year, int month, int day) {
  year = std::clamp(year, -kYearMax, kYearMax) - (month <= 2 ? 1 : 0);
  const std::int64_t era = floor_divide(year, 400);
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t month_from_march = (month + 9) % 12;
  const std::int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * kEraDays + day_of_era - kEpochFromMarch0;
}

CivilTime civil_of_seconds(std::int64_t seconds) {
  seconds = std::clamp(seconds, -kCivilSecondsMax, kCivilSecondsMax);
  const std::int64_t days = floor_divide(seconds, kDaySeconds);
  const int second_of_day = static_cast<int>(seconds - days * kDaySeconds);

  const std::int64_t shifted = days + kEpochFromMarch0;
  const std::int64_t era = floor_divide(shifted, kEraDays);
  const std::int64_t day_of_era = shifted - era * kEraDays;
  // Leap days that lie before this day are taken out: one every 1,460 days, none every 36,524, one every 146,096.
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_from_march = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * day_from_march + 2) / 153;

  CivilTime civil;
  civil.day = static_cast<int>(day_from_march - (153 * month_from_march + 2) / 5 + 1);
  civil.month = static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  civil.year = year_of_era + era * 400 + (civil.month <= 2 ? 1 : 0);
  civil.hour = second_of_day / 3'600;
  civil.minute = second_of_day / 60 % 60;
  civil.second = second_of_day % 60;
  civil.weekday = static_cast<int>(((days + 4) % 7 + 7) % 7);
  civil.day_of_year =
      static_cast<int>(civil.month > 2 ? day_from_march + 59 + (is_leap(civil.year) ? 1 : 0) : day_from_march - 306);
  return civil;
}

std::int64_t seconds_of_civil(const CivilTime& civil) {
  const auto bounded = [](int field) { return std::clamp(field, -kFieldMax, kFieldMax); };
  const std::int64_t months = bounded(civil.month) - 1;
  const std::int64_t year = std::clamp(civil.year, -kYearMax, kYearMax) + floor_divide(months, 12);
  const int month = static_cast<int>(months - floor_divide(months, 12) * 12) + 1;
  const std::int64_t days = days_of_date(year, month, bounded(civil.day));
  const std::int64_t seconds = days * kDaySeconds + bounded(civil.hour) * std::int64_t{3'600} +
                               bounded(civil.minute) * 60 + bounded(civil.second);
  return std::clamp(seconds, -kCivilSecondsMax, kCivilSecondsMax);
}

}  // namespace agentos
