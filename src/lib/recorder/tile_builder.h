// Builds the tiles of a log from its segments, off the path of appends: what a proof or a monitor reads.
//
// Tiles are derived: they can be deleted at any time and are built again. A file is on disk before `tile/tiled` counts
// it, so what that names is whole after a power failure. Memory: one tile a level. One builder at a time (kBusy).
#pragma once

#include <functional>
#include <string>

#include "lib/recorder/disk.h"
#include "lib/recorder/note.h"
#include "lib/recorder/tile.h"

namespace agentos::recorder {

struct TilesBuilt {
  Index from = 0;           // entries that had tiles before
  Index size = 0;           // entries that have tiles now
  std::uint64_t files = 0;  // written
  bool anew = false;        // what was there did not lead to the signed root and was built again
};

// Full tiles of the entries the checkpoint covers, partial ones at its size. The root over them is compared with the
// checkpoint's: kCorrupt when it differs though they were built anew. kNotFound when pruned entries would be needed.
// Entries that were pruned lose their bundles, never their hashes: proofs about them can still be made.
// `go_on` is asked now and then; kCancelled once it says no, and the next build goes on from what `tiled` counts.
Result<TilesBuilt> build_tiles(Disk& disk, const std::string& directory, const Checkpoint& checkpoint,
                               TileContent content, const std::function<bool()>& go_on = nullptr);

}  // namespace agentos::recorder
