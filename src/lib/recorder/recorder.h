// The recorder: append-only, provable storage of entries with group commit.
//
// Guarantees: entries get consecutive indexes in append order; what append returned is in sequence for every later
// reader; after a crash the log is a prefix of what was appended that holds everything acknowledged durable; a
// failing disk makes every later append fail until it works again, and never silently weakens a mode.
// Threads: any number of producers; one writer thread inside; callbacks run on the writer thread and must be short.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "lib/recorder/entry.h"

namespace agentos::recorder {

// When an entry is on disk. kEffects and kAlways differ in what the kernel waits for (see the life of a call); the
// recorder commits as soon as somebody waits, else every commit_interval_ms.
enum class Mode : std::uint8_t { kEffects, kAlways, kInterval };
std::string_view name_of(Mode);  // "effects" "always" "interval"

inline constexpr std::uint64_t kCheckpointEntries = 1'000'000;
inline constexpr std::int64_t kCheckpointIntervalMs = 1000;
inline constexpr std::int64_t kSealIntervalMs = 60'000;
inline constexpr std::size_t kErasedAtOnceMax = 256;

// What is kept of arguments, results and details longer than kOpeningSizeMax: digest, size and the beginning, or all of
// it in a blob as well.
enum class Content : std::uint8_t { kPreview, kWhole };

struct Options {
  std::string directory;  // created 0700 when absent; locked: a second recorder on it is refused (kBusy)
  Mode mode = Mode::kEffects;
  std::int64_t commit_interval_ms = 5;    // longest an entry waits for a group commit nobody waits for
  std::size_t queue_bytes_max = 8 << 20;  // producers block (backpressure) beyond this
  std::size_t segment_bytes = 64 << 20;
  std::uint64_t disk_bytes_max = 8ULL << 30;  // oldest closed segments are pruned beyond it; 0: never prune
  std::int64_t keep_us = 0;  // closed segments whose newest entry is older are pruned when one is begun; 0: never
  std::string origin = "agentos.local/log";  // first line of checkpoints (C2SP tlog-checkpoint)
  std::string signer_program;                // path of agentos-signer; empty: this process holds the keys
  // While appending, a checkpoint is signed when so many entries or so much time are not covered by one, and a seal is
  // made when so much time is not covered by one.
  std::uint64_t checkpoint_entries = kCheckpointEntries;
  std::int64_t checkpoint_interval_ms = kCheckpointIntervalMs;
  std::int64_t seal_interval_ms = kSealIntervalMs;
  Content content = Content::kPreview;
};

struct Stats {
  std::string directory;
  Mode mode = Mode::kEffects;
  std::uint64_t entries = 0;  // in the log, durable or not
  std::uint64_t durable = 0;  // entries on disk
  std::uint64_t bytes = 0;    // on disk, all segments
  std::uint64_t segments = 0;
  std::uint64_t commits = 0;            // since open
  std::uint64_t recovered_unknown = 0;  // outcomes written as unknown at open
  std::int64_t recovery_us = -1;        // what opening took when the last run had left something undone; -1: nothing
  bool healthy = true;
  std::string error;                  // of the last failure while unhealthy
  std::uint64_t checkpoint_size = 0;  // entries the newest signed checkpoint covers
  std::uint64_t signer_starts = 0;    // of the signer's process; 0: there is none
  std::string signer_error;           // why nothing is signed; empty: it is. Appending goes on meanwhile
  std::uint64_t tiled = 0;            // entries that have tiles, as far as this run built them
  std::string tiles_error;            // why the last full segment got none; empty: it did. Proofs are slower meanwhile
};

struct Redacted {
  std::uint64_t openings = 0;  // taken out
  std::uint64_t without = 0;   // entries asked for that had none, or none any more
  std::uint64_t blobs = 0;     // removed with them
  std::uint64_t shared = 0;    // blobs that stay, because an entry that keeps its content names them too
  Index shared_by = kNoIndex;  // one such entry
};

class Recorder {
 public:
  virtual ~Recorder() = default;

  // Opens or creates the log; repairs a torn tail; writes an `unknown` outcome for each intent with verdict allow
  // and effect external that has none. `clock` and `random` must outlive it.
  static Result<std::unique_ptr<Recorder>> open(Options options, Clock& clock, Random& random);

  // Puts the entry in sequence and returns its index. Blocks while the queue is full. Errors: kIo / kNoSpace (the
  // disk fails; nothing was appended), kClosed, kTooLarge.
  virtual Result<Index> append(const Entry& entry) = 0;

  // Calls `done` once when entry `index` is on disk, or with the error that stopped it. Asks for a commit now.
  virtual void when_durable(Index index, std::function<void(Status)> done) = 0;
  virtual Status wait_durable(Index index) = 0;  // blocking form

  // Takes the content of `entries` (at most kErasedAtOnceMax) out for good, while the log is written: FORMAT.md
  // ("Erased"). They must have been appended. Calls `done` once, from a thread of its own; kBusy while one is under
  // way.
  virtual void erase(std::set<Index> entries, std::function<void(Result<Redacted>)> done) = 0;

  virtual Status health() const = 0;  // cheap (one atomic load when healthy)
  virtual Stats stats() const = 0;
  virtual Mode mode() const = 0;
  // Writes what is queued, signs a checkpoint and closes. Further appends fail with kClosed. Idempotent.
  virtual Status close() = 0;
};

}  // namespace agentos::recorder
