// Whatever octets a time zone file holds: it is refused with a sentence, or its spans contain what they were asked for,
// meet, and civil time inverts.
#include <cstdlib>

#include "base/time/zone.h"

namespace {

void check_at(const agentos::Zone& zone, std::int64_t utc_s) {
  const agentos::ZoneSpan span = zone.span_at(utc_s);
  if (utc_s < span.from_s || (utc_s >= span.until_s && utc_s != INT64_MAX)) std::abort();
  if (span.until_s != INT64_MAX && zone.span_at(span.until_s).from_s != span.until_s) std::abort();
  const agentos::CivilTime civil = zone.civil_at(utc_s);
  const std::int64_t back = zone.utc_of(civil);
  constexpr std::int64_t kSafe = agentos::kCivilSecondsMax - 200'000;
  if (utc_s < -kSafe || utc_s > kSafe) return;
  if (back > utc_s || !(zone.civil_at(back) == civil)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  const auto zone = agentos::Zone::parse("fuzzed", {reinterpret_cast<const char*>(octets), size});
  if (!zone) {
    if (zone.error().message.empty()) std::abort();
    return 0;
  }
  std::int64_t utc_s = INT64_MIN;
  for (int i = 0; i < 64 && utc_s != INT64_MAX; ++i) {
    check_at(*zone, utc_s);
    utc_s = zone->span_at(utc_s).until_s;
  }
  for (const std::int64_t instant :
       {std::int64_t{0}, std::int64_t{1'700'000'000}, std::int64_t{253'402'300'799}, INT64_MAX - 1, INT64_MAX}) {
    check_at(*zone, instant);
  }
  return 0;
}
