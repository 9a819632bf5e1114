// A body ends at the same octet whole and in pieces.
#include "lib/egress/body_meter.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace agentos::egress;
  if (size == 0) return 0;
  const std::size_t piece = 1 + octets[0] % 16;
  const std::string_view text(reinterpret_cast<const char*>(octets) + 1, size - 1);
  BodyMeter whole(Framing::kChunked, 0), pieces(Framing::kChunked, 0);
  const auto taken = whole.take(text);
  std::size_t sum = 0;
  bool failed = false;
  for (std::size_t at = 0; at < text.size() && !failed && !pieces.done(); at += piece) {
    const auto one = pieces.take(text.substr(at, piece));
    failed = !one;
    if (one) sum += *one;
  }
  if (failed != !taken || (taken && (sum != *taken || whole.done() != pieces.done()))) std::abort();
  return 0;
}
