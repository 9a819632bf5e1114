// Checks the parts of a window, and tells what a wall clock shows from the zone's offset.
#include "lib/policy/state/window.h"

#include <fmt/format.h>

namespace agentos::policy {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kDaySeconds = 86'400;
constexpr int kThursday = 3;  // 1970-01-01, counted from Monday

std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace

Result<Window> Window::make(WindowSpec spec) {
  if (spec.days == 0 || spec.days > kEveryDay)
    return fail(ErrorCode::kInvalidArgument, "a time window has no day of the week",
                "name at least one, or leave it out");
  if (spec.from_minute < 0 || spec.from_minute >= kMinutesPerDay || spec.to_minute < 0 ||
      spec.to_minute > kMinutesPerDay) {
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("a time window from minute {} to {} of the day does not exist", spec.from_minute, spec.to_minute),
        "minutes go from 0 to 1439, and an end may be 1440");
  }
  if (spec.from_us >= spec.until_us)
    return fail(ErrorCode::kInvalidArgument, "a time window ends before it begins", "swap the two instants");
  return Window(std::move(spec));
}

bool Window::contains(std::int64_t now_us) const {
  if (now_us < spec_.from_us || now_us >= spec_.until_us) return false;
  const bool whole_day = spec_.from_minute == spec_.to_minute;
  if (whole_day && spec_.days == kEveryDay) return true;

  const std::int64_t utc_s = floor_divide(now_us, kSecondUs);
  const std::int64_t local_s = utc_s + spec_.zone.offset_at(utc_s);
  const std::int64_t day = floor_divide(local_s, kDaySeconds);
  const int minute = static_cast<int>((local_s - day * kDaySeconds) / 60);
  const int weekday = static_cast<int>(((day + kThursday) % 7 + 7) % 7);
  const bool opens_today = (spec_.days >> weekday & 1) != 0;
  if (whole_day) return opens_today;
  if (spec_.from_minute < spec_.to_minute)
    return opens_today && minute >= spec_.from_minute && minute < spec_.to_minute;
  const bool opened_yesterday = (spec_.days >> (weekday + 6) % 7 & 1) != 0;
  return minute >= spec_.from_minute ? opens_today : minute < spec_.to_minute && opened_yesterday;
}

}  // namespace agentos::policy
