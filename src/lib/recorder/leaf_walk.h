// Leaf after leaf from the segments, for what is built from them: tiles, proofs, copies. Checks each frame's checksum
// and index, not the tree. One segment is open and one buffer in memory, whatever the log's length.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "lib/recorder/disk.h"
#include "lib/recorder/merkle.h"

namespace agentos::recorder {

// Calls `each` for entries `first` to `end` - 1; the leaf's octet before its first is the zero of its RFC 6962 hash.
// kNotFound: entries before a segment that was pruned are asked for; kCorrupt: an entry in between is not there.
Status walk_leaves(Disk& disk, const std::string& directory, Index first, Index end,
                   const std::function<Status(Index, std::string_view leaf)>& each);

// The tree of the entries that are not kept; empty when nothing was pruned.
Result<Frontier> pruned_tree(Disk& disk, const std::string& directory);

}  // namespace agentos::recorder
