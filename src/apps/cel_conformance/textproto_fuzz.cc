// Any bytes through the text format reader: it refuses or reads, and never crashes or hangs.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "apps/cel_conformance/textproto.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  (void)agentos::cel_conformance::parse_textproto({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
