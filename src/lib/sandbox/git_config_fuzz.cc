// Any bytes as a git configuration: settings within the bounds, never a crash.
#include <cstddef>
#include <cstdint>

#include "lib/sandbox/git_config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto settings = agentos::sandbox::read_git_config({reinterpret_cast<const char*>(bytes), size});
  if (settings.size() > agentos::sandbox::kGitSettingsMax) __builtin_trap();
  return 0;
}
