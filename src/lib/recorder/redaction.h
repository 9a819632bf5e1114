// Taking content out of a log while everything that was signed stays provable: the leaf keeps its commitment.
//
// Erasing overwrites salt and opening in the segment, for good; withholding leaves them out of a copy. FORMAT.md
// ("Erased", "Withheld") says what either leaves behind.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "lib/recorder/disk.h"
#include "lib/recorder/entry.h"
#include "lib/recorder/erasing.h"
#include "lib/recorder/recorder.h"

namespace agentos::recorder {

// Erases the openings of `entries` (at most kErasedAtOnceMax, kTooLarge). Nobody else may write the log (kBusy). After
// a power failure either an opening is there or it is gone: the next open of the log, or of this, finishes the work.
// While a recorder writes the log, its erase() does this.
Result<Redacted> erase_openings(Disk& disk, const std::string& directory, const std::set<Index>& entries);
// What both do. The caller sees to it that nobody else erases, removes segments or writes to those with the entries.
// `remove_blob` is called with each blob that no kept entry names, and removes it unless it knows better.
using RemoveBlob = std::function<Result<bool>(const crypto::Digest&, const std::function<Status()>& remove)>;
Result<Redacted> erase_held(Disk& disk, const std::string& directory, const std::set<Index>& entries,
                            const RemoveBlob& remove_blob);
// Finishes what an erasing was interrupted in. The caller holds the log's lock.
Status finish_erasing(Disk& disk, const std::string& directory);

// Writes to `copy` what the newest checkpoint covers, with everything that is signed, and without the openings of
// `entries`, or without any opening when `entries` is empty. `copy` must not hold a log (kAlreadyExists).
Result<Redacted> copy_without(Disk& disk, const std::string& directory, const std::string& copy,
                              const std::set<Index>& entries);

}  // namespace agentos::recorder
