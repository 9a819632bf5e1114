// Puts entries into the log's files: commitments, leaves, tree, frames, segments, checkpoints, pruning.
//
// Used by the writer thread alone. A call that fails changed nothing that counts: the state is as before, and the
// same call may be made again (also after a failed sync, since it writes everything anew).
#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "lib/recorder/disk.h"
#include "lib/recorder/recorder.h"
#include "lib/recorder/recovery.h"
#include "lib/recorder/salt.h"
#include "lib/recorder/slot_buffer.h"

namespace agentos::recorder {

// Whether the next segment is made ready beforehand on a thread of its own, or when it is needed.
enum class Preparation : std::uint8_t { kAhead, kWhenNeeded };

inline constexpr std::size_t kFirstSegmentBytes = 1 << 20;  // of a new log; each next one is four times as large

class LogWriter {
 public:
  static Result<std::unique_ptr<LogWriter>> open(const Options& options, Clock& clock, Random& random, Disk& disk,
                                                 Preparation preparation);
  ~LogWriter();

  // Makes the next entries of `batch` durable, at least one: all, or as many as go into the segment.
  Status commit(SlotBuffer& batch);
  Status write_checkpoint();
  void discard_prepared();  // at the end

  Index size() const { return state_.frontier.size(); }  // entries, all durable
  Index checkpoint_size() const { return checkpoint_size_; }
  std::uint64_t bytes() const;
  std::uint64_t segments() const { return state_.segments.size(); }
  const OpenIntents& external() const { return state_.external; }
  const std::optional<TornTail>& torn() const { return state_.torn; }

 private:
  struct Place;  // where a commit began, to go back to
  LogWriter(Options options, Clock& clock, Disk& disk, Preparation preparation);

  std::size_t add_frame(const Slot& slot);  // returns its size
  Status write_frames(SlotBuffer& batch, Index durable, std::size_t& position);
  void remember(const Slot& slot, Index index);
  std::uint64_t next_capacity() const;
  Result<std::unique_ptr<DiskFile>> prepare(std::uint64_t capacity);
  void prepare_ahead();
  Status begin_segment();
  Status prune();

  Options options_;
  Clock& clock_;
  Disk& disk_;
  Preparation preparation_;
  NoteSigner signer_;
  std::unique_ptr<Salts> salts_;
  LogState state_;
  Index durable_ = 0;  // entries durable when the running commit began
  Index checkpoint_size_ = 0;
  std::string piece_;  // frames on their way to the file
  std::size_t piece_size_ = 0;
  std::future<Result<std::unique_ptr<DiskFile>>> prepared_;
  std::uint64_t prepared_capacity_ = 0;
  std::atomic<bool> stop_preparing_{false};
};

}  // namespace agentos::recorder
