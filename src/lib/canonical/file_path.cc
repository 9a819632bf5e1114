// The host's rules over the shared canonical form of paths.
#include "lib/canonical/file_path.h"

#include <algorithm>

#include "base/path.h"

namespace agentos::canonical {
namespace {

constexpr path::Rules kRules{.bytes_max = kFilePathBytesMax,
                             .name_bytes_max = 255,
                             .depth_max = kFilePathDepthMax,
                             .above_root = path::AboveRoot::kStay};

// ".." behind a name, of `text` or before it.
bool climbs(std::string_view text, bool name_seen) {
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find('/', start), text.size());
    const std::string_view component = text.substr(start, end - start);
    if (component == ".." && name_seen) return true;
    if (!component.empty() && component != "." && component != "..") name_seen = true;
    start = end + 1;
  }
  return false;
}

}  // namespace

Result<FilePath> read_file_path(std::string_view text, std::string_view base, std::string& scratch) {
  if (text.empty()) return fail(ErrorCode::kInvalidArgument, "the path is empty", "name a file");
  FilePath result;
  result.was_relative = text.front() != '/';
  result.trailing_slash = text.ends_with('/') && text.find_first_not_of('/') != std::string_view::npos;
  result.starts_with_tilde = text.front() == '~';
  if (!result.was_relative) {
    result.climbs = climbs(text, false);
    result.text = TRY(path::canonicalize(text, kRules, scratch));
    return result;
  }
  if (base.empty()) {
    return fail(ErrorCode::kInvalidArgument, "the path is relative and no folder is given", "start it with \"/\"");
  }
  std::string folder_scratch;  // unused when `base` is canonical
  const std::string_view folder = TRY(path::canonicalize(base, kRules, folder_scratch));
  result.climbs = climbs(text, folder != "/");
  scratch = folder;
  TRY(path::append(text, kRules, scratch));
  result.text = scratch;
  return result;
}

}  // namespace agentos::canonical
