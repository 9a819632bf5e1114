// Any bytes as a profile document: an answer or one error, never a crash.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lib/sandbox/profile.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto profile = agentos::sandbox::parse_profile({reinterpret_cast<const char*>(bytes), size}, "fuzz");
  if (profile.has_value() && profile->name.empty()) __builtin_trap();
  return 0;
}
