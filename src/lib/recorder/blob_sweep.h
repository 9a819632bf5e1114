// Removes whole content that no entry of the log names any more: what pruning leaves behind.
//
// A producer puts a blob before its entry has an index, so "no entry names it" is not enough while the log is written:
// what was put or found since the sweep began stays (BlobUses). Thread-safe.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/crypto/hash.h"
#include "lib/recorder/disk.h"
#include "lib/recorder/merkle.h"

namespace agentos::recorder {

inline constexpr std::size_t kSweptBlobsMax = 1 << 20;  // named ones that are kept in mind: 64 MiB

// What producers use of the blobs while they are swept.
class BlobUses {
 public:
  // From before a blob is put until its entry is in sequence.
  void begin(const std::string& name);
  void end(const std::string& name);
  // Those in use now, and from now on everything that is used, until the next begin_sweep().
  void begin_sweep();
  // Calls `remove` unless the blob is in use or was since; nobody begins to use it meanwhile. Whether it was called.
  Result<bool> unless_used(const std::string& name, const std::function<Status()>& remove);

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, int> in_use_;
  std::unordered_set<std::string> used_;  // since the sweep began
  bool overflowed_ = false;               // too many to keep in mind: nothing is removed
};

// Entries before `end` were in sequence and on disk when begin_sweep() was called. Gives how many files went.
// kTooLarge: more blobs are named than are kept in mind, and all stay. kCancelled: `go_on` said no.
Result<std::uint64_t> sweep_blobs(Disk& disk, const std::string& directory, BlobUses& uses,
                                  const std::function<bool()>& go_on);

}  // namespace agentos::recorder
