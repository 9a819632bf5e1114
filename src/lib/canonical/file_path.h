// A path of the host as text: absolute, without ".", ".." and doubled slashes. No file is asked, so symbolic links are
// not followed: where ".." was resolved here, the running kernel may go elsewhere, and `climbs` says so.
//
// "~" and "$HOME" are ordinary names: a shell expands them, and shell.h marks them dynamic. Globs over the result are
// those of lib/policy/glob.h (path style). A path that is refused has no canonical form: a rule that asks must deny.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace agentos::canonical {

inline constexpr std::size_t kFilePathBytesMax = 4096;  // PATH_MAX, base included
inline constexpr std::size_t kFilePathDepthMax = 256;

struct FilePath {
  std::string_view text;
  bool was_relative = false;
  bool climbs = false;             // had ".." behind a name: differs if that name is a symbolic link
  bool trailing_slash = false;     // must be a directory, and a link to one is followed
  bool starts_with_tilde = false;  // "~" or "~user" first: a shell would have expanded it
};

// A relative `text` starts at `base`, an absolute path, or is refused when that is empty. The result is a view of
// `text` or of `scratch`. kInvalidArgument: control characters, invalid UTF-8, too long or deep.
Result<FilePath> read_file_path(std::string_view text, std::string_view base, std::string& scratch);

}  // namespace agentos::canonical
