// Reads POSIX TZ rules (POSIX.1, section 8.3, with the hours of RFC 9636) and finds the instants of a year.
#include "base/time/posix_rule.h"

#include "base/time/civil.h"

namespace agentos {
namespace {

constexpr int kRuleHoursMax = 167;
constexpr int kOffsetHoursMax = 24;
constexpr std::size_t kAbbreviationMin = 3;

class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : rest_(text) {}

  std::optional<PosixRule> read() {
    PosixRule rule;
    std::int32_t west_s = 0;
    if (!abbreviation() || !clock(kOffsetHoursMax, west_s)) return std::nullopt;
    rule.standard_s = -west_s;
    if (rest_.empty()) return rule;
    if (!abbreviation()) return std::nullopt;
    rule.has_daylight = true;
    rule.daylight_s = rule.standard_s + 3600;
    if (!rest_.empty() && rest_.front() != ',') {
      if (!clock(kOffsetHoursMax, west_s)) return std::nullopt;
      rule.daylight_s = -west_s;
    }
    if (!skip(',') || !date(rule.to_daylight) || !skip(',') || !date(rule.to_standard) || !rest_.empty())
      return std::nullopt;
    return rule;
  }

 private:
  static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  bool skip(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool abbreviation() {
    const bool quoted = skip('<');
    std::size_t length = 0;
    while (length < rest_.size()) {
      const char c = rest_[length];
      if (!is_letter(c) && !(quoted && (is_digit(c) || c == '+' || c == '-'))) break;
      ++length;
    }
    rest_.remove_prefix(length);
    return length >= kAbbreviationMin && (!quoted || skip('>'));
  }

  bool number(int max, int& value) {
    value = 0;
    std::size_t digits = 0;
    for (; digits < rest_.size() && digits < 3 && is_digit(rest_[digits]); ++digits)
      value = value * 10 + (rest_[digits] - '0');
    rest_.remove_prefix(digits);
    return digits > 0 && value <= max;
  }

  // [+-]hh[:mm[:ss]]
  bool clock(int hours_max, std::int32_t& seconds) {
    const bool negative = skip('-');
    if (!negative) skip('+');
    int hours = 0;
    int minutes = 0;
    int odd = 0;
    if (!number(hours_max, hours)) return false;
    if (skip(':') && (!number(59, minutes) || (skip(':') && !number(59, odd)))) return false;
    seconds = hours * 3600 + minutes * 60 + odd;
    if (negative) seconds = -seconds;
    return true;
  }

  bool date(PosixDate& when) {
    if (skip('M')) {
      when.kind = PosixDate::Kind::kWeekday;
      if (!number(12, when.month) || when.month < 1 || !skip('.')) return false;
      if (!number(5, when.week) || when.week < 1 || !skip('.') || !number(6, when.day)) return false;
    } else if (skip('J')) {
      when.kind = PosixDate::Kind::kJulian;
      if (!number(365, when.day) || when.day < 1) return false;
    } else {
      when.kind = PosixDate::Kind::kDayOfYear;
      if (!number(365, when.day)) return false;
    }
    return !skip('/') || clock(kRuleHoursMax, when.time_s);
  }

  std::string_view rest_;
};

// Days since 1970 of `when` in `year`.
std::int64_t day_of(const PosixDate& when, std::int64_t year) {
  const std::int64_t january_1 = days_of_date(year, 1, 1);
  switch (when.kind) {
    case PosixDate::Kind::kJulian: {
      const bool after_leap_day = when.day >= 60 && days_of_date(year, 3, 1) - january_1 == 60;
      return january_1 + when.day - 1 + (after_leap_day ? 1 : 0);
    }
    case PosixDate::Kind::kDayOfYear:
      return january_1 + when.day;
    case PosixDate::Kind::kWeekday:
      break;
  }
  const std::int64_t first = days_of_date(year, when.month, 1);
  const std::int64_t next = when.month == 12 ? days_of_date(year + 1, 1, 1) : days_of_date(year, when.month + 1, 1);
  const std::int64_t weekday_of_first = ((first + 4) % 7 + 7) % 7;
  std::int64_t day = first + (when.day - weekday_of_first + 7) % 7 + (when.week - 1) * 7;
  if (day >= next) day -= 7;
  return day;
}

}  // namespace

std::array<PosixRule::Change, 2> PosixRule::changes_of(std::int64_t year) const {
  constexpr std::int64_t kDaySeconds = 86'400;
  return {Change{day_of(to_daylight, year) * kDaySeconds + to_daylight.time_s - standard_s, daylight_s},
          Change{day_of(to_standard, year) * kDaySeconds + to_standard.time_s - daylight_s, standard_s}};
}

std::optional<PosixRule> parse_posix_rule(std::string_view text) { return RuleReader(text).read(); }

}  // namespace agentos
