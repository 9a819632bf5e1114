// Puts entries into the log's files: commitments, leaves, tree, frames, segments, checkpoints, pruning.
//
// Entries go through two places: *staged* (encoded, in memory) and *in flight* (being written, or to be written again).
// While one batch is in flight the next is staged, so hashing and the disk work at the same time; it is written only
// when the one before it is durable. write_flight() may be called on another thread; everything else on one.
#pragma once

#include <future>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "lib/recorder/disk.h"
#include "lib/recorder/leaf_difference.h"
#include "lib/recorder/recorder.h"
#include "lib/recorder/recovery.h"
#include "lib/recorder/salt.h"
#include "lib/recorder/slot_buffer.h"

namespace agentos::recorder {

// Whether the next segment is made ready beforehand on a thread of its own, or when it is needed.
enum class Preparation : std::uint8_t { kAhead, kWhenNeeded };

inline constexpr std::size_t kFirstSegmentBytes = 1 << 20;   // of a new log; each next one is four times as large
inline constexpr std::size_t kStageBytes = 4 << 20;          // most that is written at once
inline constexpr std::size_t kStageChunkBytes = 256 * 1024;  // most that one call of stage() adds

// Why stage() stopped.
enum class Staged : std::uint8_t { kAll, kSome, kStageFull, kSegmentFull };

class LogWriter {
 public:
  static Result<std::unique_ptr<LogWriter>> open(const Options& options, Clock& clock, Random& random, Disk& disk,
                                                 CheckpointSigner& signer, Preparation preparation);
  ~LogWriter();

  // Encodes the next entries of `batch` behind what is staged. kSome: there is more, and room for it. kStageFull: take
  // off first. kSegmentFull: take off, land and begin_segment() first.
  Staged stage(SlotBuffer& batch);
  bool has_staged() const { return stage_.used > 0; }
  void take_off();  // what is staged is in flight. Precondition: nothing else is
  bool has_flight() const { return flight_.used > 0; }
  std::size_t flight_bytes() const { return flight_.used; }
  Status write_flight();  // to the disk, synced; after an error the same again
  void land();            // write_flight() succeeded: what was in flight is durable

  // A new segment for what comes next. Precondition: nothing is staged or in flight. An error changed nothing.
  Status begin_segment();
  // While it lives no segment is pruned, so that one can be written to by its name. Any thread.
  std::unique_lock<std::mutex> hold_segments() { return std::unique_lock(segments_held_); }
  // Over what is durable: what is to be signed, and the note of it, written.
  Checkpoint next_checkpoint() const { return {origin_, durable_.size(), durable_.root(), {}}; }
  Status write_checkpoint(const Checkpoint& checkpoint, const std::string& note);
  Status commit(SlotBuffer& batch);  // all of it, durable when this returns
  void discard_prepared();           // at the end

  Index size() const { return durable_.size(); }                // entries that are durable
  Index staged_size() const { return state_.frontier.size(); }  // and with those that are to be
  const Checkpoint& checkpoint() const { return checkpoint_; }  // the newest that was written
  std::uint64_t bytes() const;
  std::uint64_t segments() const { return state_.segments.size(); }
  Index oldest_segment() const { return state_.segments.front().first; }  // entries before it were pruned
  Index newest_segment() const { return state_.segments.back().first; }   // its first entry; those before are full
  const OpenIntents& external() const { return state_.external; }
  const std::optional<TornTail>& torn() const { return state_.torn; }

 private:
  // Frames one behind the other, and where in the segment they belong.
  struct Batch {
    std::unique_ptr<char[]> octets;
    std::size_t used = 0;
    std::uint64_t offset = 0;
    Index first = 0;  // all entries before it are durable when this batch is written
  };
  LogWriter(Options options, Clock& clock, Disk& disk, CheckpointSigner& signer, Preparation preparation);

  std::size_t add_frame(Slot& slot);  // returns its size
  void remember(const Slot& slot, Index index);
  std::uint64_t next_capacity() const;
  Result<std::unique_ptr<DiskFile>> prepare(std::uint64_t capacity);
  void prepare_ahead();
  Status make_segment();
  Status prune();
  bool is_due_to_go(const Segment& next) const;  // the oldest segment, by budget or age; `next` is the one after it

  Options options_;
  Clock& clock_;
  Disk& disk_;
  CheckpointSigner& signer_;
  Preparation preparation_;
  std::string origin_;
  std::unique_ptr<Salts> salts_;
  LogState state_;      // with everything that was staged
  Frontier durable_;    // without what is staged or in flight
  Frontier in_flight_;  // what durable_ becomes when it lands
  Checkpoint checkpoint_;
  Batch stage_, flight_;
  WholeLeaves whole_;  // of the stage: each batch begins with whole leaves, so that it can be read without the others
  std::future<Result<std::unique_ptr<DiskFile>>> prepared_;
  std::uint64_t prepared_capacity_ = 0;
  bool spare_ = false;  // kNextSegmentName is a pruned segment, to be cleared and used again
  std::mutex segments_held_;
  bool prune_due_ = false;  // a segment was begun, and pruning after it failed
};

}  // namespace agentos::recorder
