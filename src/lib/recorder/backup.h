// A consistent copy of a log, also while its recorder writes, verified before it gets its name.
//
// The copy is the log as it was at some moment after the newest checkpoint that was signed before the copying began. It
// is read only; no lock is taken and the recorder is not disturbed.
#pragma once

#include <string>

#include "lib/recorder/disk.h"
#include "lib/recorder/reader.h"

namespace agentos::recorder {

// With the keys a copy can go on being written, and whoever has it can sign another history.
enum class BackupKeys : std::uint8_t { kLeftOut, kCopied };

struct BackupReport {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  VerifyReport verified;  // of the copy; valid
};

// `to` must not exist, or be an empty directory. It appears when everything in it is on disk and verifies; an error
// leaves nothing behind. kCorrupt: the log itself does not verify. kBusy: it was pruned faster than it could be copied.
Result<BackupReport> back_up_log(const std::string& directory, const std::string& to, BackupKeys keys);
Result<BackupReport> back_up_log_on(Disk& disk, const std::string& directory, const std::string& to, BackupKeys keys);

}  // namespace agentos::recorder
