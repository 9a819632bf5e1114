// One table of units each way.
#include "apps/agentos/quantities.h"

#include <fmt/format.h>

#include <charconv>
#include <ctime>

#include "base/time/civil.h"

namespace agentos::cli {
namespace {

constexpr std::int64_t kSecondMs = 1000;
constexpr std::int64_t kMinuteMs = 60 * kSecondMs;
constexpr std::int64_t kHourMs = 60 * kMinuteMs;
constexpr std::int64_t kDayMs = 24 * kHourMs;
constexpr std::int64_t kDurationMaxMs = 365 * kDayMs;

struct Unit {
  std::string_view name;
  std::int64_t factor;
};
constexpr Unit kTimeUnits[] = {{"ms", 1}, {"s", kSecondMs}, {"m", kMinuteMs}, {"h", kHourMs}, {"d", kDayMs}};
constexpr std::string_view kSizeLetters = "KMGT";

// A leading number is taken off `text`; false when there is none or it does not fit.
bool take_number(std::string_view& text, std::int64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || out < 0) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

std::unexpected<Error> bad_duration(std::string_view text) {
  return fail(ErrorCode::kInvalidArgument, "\"" + std::string(text) + "\" is not a duration",
              "write it like 500ms, 30s, 10m or 1h30m");
}

std::tm local(std::int64_t wall_us) {
  const std::time_t seconds = wall_us / 1'000'000;
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  return parts;
}

}  // namespace

Result<std::int64_t> parse_duration_ms(std::string_view text) {
  std::string_view rest = text;
  std::int64_t total = 0, number = 0;
  if (rest.empty()) return bad_duration(text);
  while (!rest.empty()) {
    if (!take_number(rest, number)) return bad_duration(text);
    const std::size_t size = std::min(rest.find_first_of("0123456789"), rest.size());
    const std::string_view name = rest.substr(0, size);
    rest.remove_prefix(size);
    std::int64_t factor = 0;
    if (name.empty() && total == 0 && rest.empty()) factor = kSecondMs;
    for (const Unit& unit : kTimeUnits) {
      if (unit.name == name) factor = unit.factor;
    }
    if (factor == 0 || number > kDurationMaxMs / factor) return bad_duration(text);
    total += number * factor;
    if (total > kDurationMaxMs) return bad_duration(text);
  }
  if (total == 0) return fail(ErrorCode::kInvalidArgument, "a duration must be more than 0");
  return total;
}

Result<std::int64_t> parse_size_bytes(std::string_view text) {
  std::string_view rest = text;
  std::int64_t number = 0;
  const auto bad = [&] {
    return fail(ErrorCode::kInvalidArgument, "\"" + std::string(text) + "\" is not a size",
                "write it like 4096, 64K, 512M or 2G");
  };
  if (!take_number(rest, number) || number == 0) return bad();
  std::int64_t factor = 1;
  if (!rest.empty()) {
    const char letter = static_cast<char>(rest[0] >= 'a' && rest[0] <= 'z' ? rest[0] - 'a' + 'A' : rest[0]);
    const std::size_t power = kSizeLetters.find(letter);
    if (power != std::string_view::npos) {
      factor = std::int64_t{1} << (10 * (power + 1));
      rest.remove_prefix(1);
      if (rest == "iB" || rest == "B") rest = {};
    } else if (rest == "B") {
      rest = {};
    }
  }
  if (!rest.empty() || number > INT64_MAX / factor / 2) return bad();
  return number * factor;
}

namespace {

// Exactly `digits` of them, taken off.
bool take_digits(std::string_view& text, std::size_t digits, int& out) {
  if (text.size() < digits || text.substr(0, digits).find_first_not_of("0123456789") != text.npos) return false;
  std::from_chars(text.data(), text.data() + digits, out);
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

bool take_fraction(std::string_view& text, std::int64_t& us) {
  std::int64_t unit = 100'000;
  std::size_t digits = 0;
  for (; digits < text.size() && digits < 6 && text[digits] >= '0' && text[digits] <= '9'; ++digits, unit /= 10)
    us += (text[digits] - '0') * unit;
  text.remove_prefix(digits);
  return digits > 0;
}

bool take_clock(std::string_view& text, CivilTime& civil, std::int64_t& us) {
  if (!take_digits(text, 2, civil.hour) || !take(text, ':') || !take_digits(text, 2, civil.minute)) return false;
  if (take(text, ':') && !take_digits(text, 2, civil.second)) return false;
  return !take(text, '.') || take_fraction(text, us);
}

// The rest of an instant: its zone.
bool take_zone(std::string_view text, const CivilTime& civil, std::int64_t& seconds) {
  if (text.empty()) {
    std::tm parts{};
    parts.tm_year = static_cast<int>(civil.year - 1900);
    parts.tm_mon = civil.month - 1;
    parts.tm_mday = civil.day;
    parts.tm_hour = civil.hour;
    parts.tm_min = civil.minute;
    parts.tm_sec = civil.second;
    parts.tm_isdst = -1;
    seconds = std::mktime(&parts);
    return true;
  }
  seconds = seconds_of_civil(civil);
  if (text == "Z" || text == "z") return true;
  const bool west = text.starts_with('-');
  int hours = 0, minutes = 0;
  if (!west && !text.starts_with('+')) return false;
  text.remove_prefix(1);
  if (!take_digits(text, 2, hours) || !take(text, ':') || !take_digits(text, 2, minutes) || !text.empty()) return false;
  if (hours > 18 || minutes > 59) return false;
  seconds += (west ? 60 : -60) * (hours * 60 + minutes);
  return true;
}

}  // namespace

Result<std::int64_t> parse_time_us(std::string_view text, std::int64_t now_us) {
  if (const auto ago_ms = parse_duration_ms(text)) return now_us - *ago_ms * 1000;
  CivilTime civil;
  int year = 0;
  std::int64_t us = 0, seconds = 0;
  std::string_view rest = text;
  bool good = take_digits(rest, 4, year) && take(rest, '-') && take_digits(rest, 2, civil.month) && take(rest, '-') &&
              take_digits(rest, 2, civil.day);
  civil.year = year;
  if (good && (take(rest, 'T') || take(rest, 't') || take(rest, ' '))) good = take_clock(rest, civil, us);
  good = good && civil.month >= 1 && civil.month <= 12 && civil.day >= 1 && civil.day <= 31 && civil.hour <= 23 &&
         civil.minute <= 59 && civil.second <= 60 && take_zone(rest, civil, seconds);
  if (good) return seconds * 1'000'000 + us;
  return fail(ErrorCode::kInvalidArgument, "\"" + std::string(text) + "\" is no time",
              "write it like 2026-11-28T20:00:00Z, 2026-11-28 21:00, or 10m for ten minutes ago");
}

std::string show_duration_us(std::int64_t us) {
  if (us < 1000) return fmt::format("{}us", us);
  if (us < 1'000'000) return fmt::format("{:.1f}ms", static_cast<double>(us) / 1e3);
  const std::int64_t seconds = us / 1'000'000;
  if (seconds < 60) return fmt::format("{:.1f}s", static_cast<double>(us) / 1e6);
  if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{}h{:02}m", seconds / 3600, seconds % 3600 / 60);
  return fmt::format("{}d{:02}h", seconds / 86400, seconds % 86400 / 3600);
}

std::string show_size_bytes(std::int64_t bytes) {
  if (bytes < 1024) return fmt::format("{}", bytes);
  double value = static_cast<double>(bytes);
  std::size_t power = 0;
  while (value >= 1024 && power < kSizeLetters.size()) {
    value /= 1024;
    ++power;
  }
  return value < 10 ? fmt::format("{:.1f}{}", value, kSizeLetters[power - 1])
                    : fmt::format("{:.0f}{}", value, kSizeLetters[power - 1]);
}

std::string show_time(std::int64_t wall_us) {
  const std::tm parts = local(wall_us);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string show_time_of_day(std::int64_t wall_us) {
  const std::tm parts = local(wall_us);
  return fmt::format("{:02}:{:02}:{:02}.{:03}", parts.tm_hour, parts.tm_min, parts.tm_sec, wall_us / 1000 % 1000);
}

}  // namespace agentos::cli
