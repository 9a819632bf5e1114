// Whatever the octets, the result is refused or canonical: a fixed point, clean of dots and controls, within bounds.
#include "lib/vfs/path.h"

#include <cstddef>
#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace agentos;
  const std::string_view input(reinterpret_cast<const char*>(octets), size);
  std::string scratch;
  const auto first = vfs::canonicalize(input, scratch);
  if (!first) {
    CHECK(!first.error().message.empty());
    return 0;
  }
  const std::string path(*first);
  std::string second_scratch;
  const auto second = vfs::canonicalize(path, second_scratch);
  CHECK(second.has_value());
  CHECK(second->data() == path.data() && second->size() == path.size());
  CHECK(path.front() == '/' && path.size() <= vfs::kPathBytesMax);
  CHECK(path == "/" || path.back() != '/');
  CHECK(path.find("//") == std::string::npos);
  CHECK((path + "/").find("/./") == std::string::npos && (path + "/").find("/../") == std::string::npos);
  for (const char c : path) CHECK(static_cast<std::uint8_t>(c) >= 0x20 && c != 0x7f);
  CHECK(vfs::contains(vfs::parent_of(path), path));
  return 0;
}
