// Changes as lines of text: what a workspace keeps of its snapshot, and its journal.
//
// One line a change, names in hexadecimal, so that any name is harmless; the last line is a digest of all before it,
// so that half a file is never taken for a whole one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/workspace/snapshot.h"

namespace agentos::workspace {

inline constexpr std::size_t kChangesBytesMax = std::size_t{512} << 20;  // what Bounds::list_bytes may be at most

struct ChangesText {
  std::string purpose;  // one word: "snapshot", "commit", "rollback"
  std::vector<Change> changes;
};

std::string write_changes(const ChangesText& text);
// kCorrupt for anything write_changes() does not write. Paths are plain (beneath.h) and in order.
Result<ChangesText> read_changes(std::string_view text);

}  // namespace agentos::workspace
