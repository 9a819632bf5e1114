// A path's canonical text is its own form, absolute, and has no "." or ".." component.
#include <cstdlib>

#include "lib/canonical/file_path.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace agentos::canonical;
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  std::string scratch;
  const auto path = read_file_path(text, "/base/folder", scratch);
  if (!path) return path.error().message.empty() ? 1 : 0;
  std::string scratch_again;
  const auto again = read_file_path(path->text, "", scratch_again);
  if (!again || again->text != path->text || again->climbs) std::abort();
  if (path->text.find("//") != std::string_view::npos || path->text.find("/../") != std::string_view::npos)
    std::abort();
  return 0;
}
