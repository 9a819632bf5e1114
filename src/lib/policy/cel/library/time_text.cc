// Timestamps and durations as text.
#include <array>
#include <charconv>

#include "base/time/civil.h"
#include "lib/policy/cel/library/times.h"
#include "lib/policy/cel/run/operations.h"

namespace agentos::cel {
namespace {

// Reads the fixed fields of RFC 3339 one after the other; once something is missing nothing fits any more.
class Fields {
 public:
  explicit Fields(std::string_view text) : rest_(text) {}

  int number(std::size_t digits) {
    int value = 0;
    if (rest_.size() < digits) ok_ = false;
    for (std::size_t i = 0; ok_ && i < digits; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') ok_ = false;
      value = value * 10 + (rest_[i] - '0');
    }
    if (ok_) rest_.remove_prefix(digits);
    return value;
  }
  void literal(char c) {
    if (!take(c)) ok_ = false;
  }
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Digits after a dot as nanoseconds; more than nine are read and dropped.
  int fraction() {
    int nanoseconds = 0, digits = 0;
    for (; !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; rest_.remove_prefix(1), ++digits)
      if (digits < 9) nanoseconds = nanoseconds * 10 + (rest_[0] - '0');
    if (digits == 0) ok_ = false;
    for (; digits < 9; ++digits) nanoseconds *= 10;
    return nanoseconds;
  }
  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

int days_in_month(std::int64_t year, int month) {
  static constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return kDays[static_cast<std::size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
}

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
constexpr std::array<Unit, 8> kUnits = {{{"ns", 1},
                                         {"us", 1000},
                                         {"\u00b5s", 1000},
                                         {"\u03bcs", 1000},
                                         {"ms", 1'000'000},
                                         {"s", 1'000'000'000},
                                         {"m", 60'000'000'000},
                                         {"h", 3'600'000'000'000}}};

// Writes .frac without trailing zeros, nothing for zero.
char* write_fraction(char* place, std::uint32_t nanoseconds) {
  if (nanoseconds == 0) return place;
  *place++ = '.';
  for (std::uint32_t unit = 100'000'000; nanoseconds != 0; unit /= 10) {
    *place++ = static_cast<char>('0' + nanoseconds / unit);
    nanoseconds %= unit;
  }
  return place;
}

}  // namespace

Value parse_timestamp(Scratch& scratch, std::string_view text) {
  Fields fields(text);
  CivilTime civil;
  civil.year = fields.number(4);
  fields.literal('-');
  civil.month = fields.number(2);
  fields.literal('-');
  civil.day = fields.number(2);
  fields.literal('T');
  civil.hour = fields.number(2);
  fields.literal(':');
  civil.minute = fields.number(2);
  fields.literal(':');
  civil.second = fields.number(2);
  const int nanoseconds = fields.take('.') ? fields.fraction() : 0;
  int offset_minutes = 0;
  if (!fields.take('Z')) {
    const bool west = fields.take('-');
    if (!west) fields.literal('+');
    const int hours = fields.number(2);
    fields.literal(':');
    const int minutes = fields.number(2);
    if (hours > 23 || minutes > 59)
      return fault(scratch, "type conversion error: invalid offset in '{}'", text.substr(0, 100));
    offset_minutes = (west ? -1 : 1) * (hours * 60 + minutes);
  }
  const bool in_range = civil.month >= 1 && civil.month <= 12 && civil.day >= 1 && civil.hour <= 23 &&
                        civil.minute <= 59 && civil.second <= 59;
  if (!fields.at_end() || !in_range || civil.day > days_in_month(civil.year, civil.month))
    return fault(scratch, "type conversion error: '{}' is no timestamp in range (RFC 3339)", text.substr(0, 100));
  return checked_timestamp(scratch, seconds_of_civil(civil) - offset_minutes * 60, nanoseconds);
}

Value parse_duration(Scratch& scratch, std::string_view text) {
  const auto wrong = [&] {
    return fault(scratch, "type conversion error: '{}' is no duration in range", text.substr(0, 100));
  };
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "0") return Value::duration(0, 0);
  if (rest.empty()) return wrong();
  __int128 total = 0;
  while (!rest.empty()) {
    // At most 18 digits on either side of the dot.
    std::int64_t whole = 0, fraction = 0, scale = 1;
    std::size_t digits = 0, places = 0;
    for (; digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9'; ++digits) {
      if (digits >= 18) return wrong();
      whole = whole * 10 + (rest[digits] - '0');
    }
    rest.remove_prefix(digits);
    if (rest.starts_with('.')) {
      rest.remove_prefix(1);
      for (; places < rest.size() && rest[places] >= '0' && rest[places] <= '9'; ++places) {
        if (places >= 18) continue;
        fraction = fraction * 10 + (rest[places] - '0');
        scale *= 10;
      }
      rest.remove_prefix(places);
    }
    if (digits + places == 0) return wrong();
    const Unit* found = nullptr;
    for (const Unit& unit : kUnits)
      if (rest.starts_with(unit.name) && (found == nullptr || unit.name.size() > found->name.size())) found = &unit;
    if (found == nullptr) return wrong();
    rest.remove_prefix(found->name.size());
    total += static_cast<__int128>(whole) * found->nanoseconds;
    total += static_cast<__int128>(fraction) * found->nanoseconds / scale;
    if (total > static_cast<__int128>(INT64_MAX) * 1000) return wrong();
  }
  if (negative) total = -total;
  constexpr std::int64_t kSecond = 1'000'000'000;
  return checked_duration(scratch, static_cast<std::int64_t>(total / kSecond),
                          static_cast<std::int64_t>(total % kSecond));
}

Value timestamp_text(Scratch& scratch, Value timestamp) {
  const CivilTime civil = civil_of_seconds(timestamp.seconds());
  char text[64];
  char* end = fmt::format_to(text, "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", civil.year, civil.month, civil.day,
                             civil.hour, civil.minute, civil.second);
  end = write_fraction(end, timestamp.nanoseconds());
  *end++ = 'Z';
  return scratch.string({text, static_cast<std::size_t>(end - text)});
}

Value duration_text(Scratch& scratch, Value duration) {
  std::int64_t seconds = duration.seconds();
  std::uint32_t nanoseconds = duration.nanoseconds();
  char text[64];
  char* end = text;
  if (seconds < 0) {  // nanoseconds count up from the seconds below
    *end++ = '-';
    seconds = -seconds;
    if (nanoseconds != 0) {
      --seconds;
      nanoseconds = 1'000'000'000 - nanoseconds;
    }
  }
  end = std::to_chars(end, text + sizeof text, seconds).ptr;
  end = write_fraction(end, nanoseconds);
  *end++ = 's';
  return scratch.string({text, static_cast<std::size_t>(end - text)});
}

}  // namespace agentos::cel
