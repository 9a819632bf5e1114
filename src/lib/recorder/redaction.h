// Taking content out of a log while everything that was signed stays provable: the leaf keeps its commitment.
//
// Erasing overwrites salt and opening in the segment, for good; withholding leaves them out of a copy. FORMAT.md
// ("Erased", "Withheld") says what either leaves behind.
#pragma once

#include <set>
#include <string>

#include "lib/recorder/disk.h"
#include "lib/recorder/entry.h"
#include "lib/recorder/erasing.h"

namespace agentos::recorder {

struct Redacted {
  std::uint64_t openings = 0;  // taken out
  std::uint64_t without = 0;   // entries asked for that had none, or none any more
  std::uint64_t blobs = 0;     // removed with them
  std::uint64_t shared = 0;    // blobs that stay, because an entry that keeps its content names them too
  Index shared_by = kNoIndex;  // one such entry
};

// Erases the openings of `entries` (at most kErasedAtOnceMax, kTooLarge). Nobody else may write the log (kBusy). After
// a power failure either an opening is there or it is gone: the next open of the log, or of this, finishes the work.
Result<Redacted> erase_openings(Disk& disk, const std::string& directory, const std::set<Index>& entries);
// Finishes what erase_openings was interrupted in. The caller holds the log's lock.
Status finish_erasing(Disk& disk, const std::string& directory);

// Writes to `copy` what the newest checkpoint covers, with everything that is signed, and without the openings of
// `entries`, or without any opening when `entries` is empty. `copy` must not hold a log (kAlreadyExists).
Result<Redacted> copy_without(Disk& disk, const std::string& directory, const std::string& copy,
                              const std::set<Index>& entries);

}  // namespace agentos::recorder
