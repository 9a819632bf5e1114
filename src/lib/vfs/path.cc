// The namespace's rules over the shared canonical form of paths.
#include "lib/vfs/path.h"

namespace agentos::vfs {
namespace {

constexpr path::Rules kRules{.bytes_max = kPathBytesMax,
                             .name_bytes_max = kNameBytesMax,
                             .depth_max = kPathDepthMax,
                             .above_root = path::AboveRoot::kRefuse};

}  // namespace

Result<std::string_view> canonicalize(std::string_view text, std::string& scratch) {
  return path::canonicalize(text, kRules, scratch);
}

}  // namespace agentos::vfs
