// Reading and writing instants through the civil calendar, which refuses days that do not exist.
#include "lib/policy/tools/instant.h"

#include <fmt/format.h>

#include <cstdio>
#include <string_view>

#include "base/time/civil.h"

namespace agentos::policy::tools {

bool read_instant(const std::string& text, std::int64_t& out_us) {
  CivilTime civil;
  int year = 0, read = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &civil.month, &civil.day, &civil.hour,
                  &civil.minute, &civil.second, &read) != 6 ||
      read != 19) {
    return false;
  }
  civil.year = year;
  std::string_view rest = std::string_view(text).substr(19);
  std::int64_t micros = 0;
  if (rest.starts_with('.')) {
    std::int64_t unit = 100'000;
    std::size_t digits = 1;
    for (; digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9'; ++digits, unit /= 10) {
      micros += unit * (rest[digits] - '0');
    }
    if (digits == 1) return false;
    rest.remove_prefix(digits);
  }
  std::int64_t offset_seconds = 0;
  if (rest != "Z") {
    int hours = 0, minutes = 0;
    const std::string zone(rest);
    if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') ||
        std::sscanf(zone.c_str() + 1, "%2d:%2d", &hours, &minutes) != 2) {
      return false;
    }
    offset_seconds = (hours * 60 + minutes) * 60 * (zone[0] == '-' ? -1 : 1);
  }
  const std::int64_t seconds = seconds_of_civil(civil);
  const CivilTime back = civil_of_seconds(seconds);
  if (back.year != civil.year || back.month != civil.month || back.day != civil.day || back.hour != civil.hour ||
      back.minute != civil.minute || back.second != civil.second) {
    return false;
  }
  out_us = (seconds - offset_seconds) * 1'000'000 + micros;
  return true;
}

std::string instant_text(std::int64_t seconds) {
  const CivilTime civil = civil_of_seconds(seconds);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", civil.year, civil.month, civil.day, civil.hour,
                     civil.minute, civil.second);
}

}  // namespace agentos::policy::tools
