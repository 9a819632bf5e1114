// The recorder's threads. Producers encode on their own and hold the lock only to take an index and copy
// (producing.cc). The writer thread stages, hands to the disk and tells who waits (group_commit.cc); what the last run
// left undone is written before it starts (unfinished.cc).
//
// An entry goes queue -> stage -> flight -> durable. The queue is two buffers: one fills while the other is staged.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "lib/recorder/blob_sweep.h"
#include "lib/recorder/checkpoint_signer.h"
#include "lib/recorder/flusher.h"
#include "lib/recorder/leaf_writer.h"
#include "lib/recorder/log_recorder.h"
#include "lib/recorder/slot_buffer.h"

namespace agentos::recorder {

class LogRecorder final : public Recorder {
 public:
  LogRecorder(Options options, Clock& clock, std::unique_ptr<DiskLock> lock, std::unique_ptr<CheckpointSigner> signer,
              std::unique_ptr<LogWriter> writer);
  ~LogRecorder() override { (void)close(); }

  // Starts the writer thread and puts what the last run left undone into the log.
  // Opening began at `began_ns` of the monotonic clock.
  Status start(Disk& disk, Preparation preparation, std::int64_t began_ns);

  Result<Index> append(const Entry& entry) override;
  void when_durable(Index index, std::function<void(Status)> done) override;
  Status wait_durable(Index index) override;
  void erase(std::set<Index> entries, std::function<void(Result<Redacted>)> done) override;
  Status health() const override;
  Stats stats() const override;
  Mode mode() const override { return options_.mode; }
  Status close() override;

 private:
  using Ready = std::pair<std::function<void(Status)>, Status>;
  using Lock = std::unique_lock<std::mutex>;
  using SteadyTime = std::chrono::steady_clock::time_point;
  enum class Next : std::uint8_t {
    kRetry,
    kAskSigner,
    kCheckpoint,
    kTakeOff,
    kStage,
    kSegment,
    kTakeQueue,
    kWait,
    kEnd
  };

  Status check_open() const;  // under mutex_
  Status check_outcome(const Slot& slot) const;
  Result<std::string> keep_whole(const Entry& entry);  // the name of its blob; empty: none is kept
  Result<Index> append_entry(const Entry& entry, Kept kept);
  bool has_room(const Slot& slot) const {
    return filling_.size() + slot.size() + draining_.size() <= options_.queue_bytes_max;
  }
  void ask_for_commit(Index index);
  std::unexpected<Error> no_such_entry(Index index) const;

  Status close_segment_of(Index index);
  Status wait_sequence_durable();
  Result<Redacted> erase_now(const std::set<Index>& entries);
  bool wants_segment() const { return segment_wanted_ > newest_segment_ && writer_->staged_size() >= segment_wanted_; }

  void run();
  Next next_step();
  void begin_segment(Lock& lock);
  void wait(Lock& lock);
  void run_ready(Lock& lock);
  void stage(Lock& lock);
  void take_off(Lock& lock);
  void fly(Lock& lock);
  void landed(Lock& lock);
  void pause(Lock& lock);                                           // between attempts while the disk fails
  bool attempt(Lock& lock, const std::function<Status()>& action);  // false: given up, because closing
  void ask_signer();                                                // for a note of the next checkpoint
  void tidy_when_full();                                            // what the newest checkpoint covers
  Status tidy(const Checkpoint& checkpoint, bool sweeps);           // on the tidier's thread
  Status sign();                             // asked_, after sealing the one before when it is due
  Status write_signed();                     // asked_ and note_
  void checkpoint_signed(Lock& lock);        // the signer answered
  Status checkpoint_now();                   // all of it, waiting
  bool is_due();                             // whether the queue goes to the disk now
  std::int64_t until_checkpoint_ms() const;  // 0: now; negative: none is wanted
  void publish();
  void report_failure(Error error);
  void fail_waiters(const Error& error);
  void finish(Lock& lock);
  Status commit_here();
  Status append_recovered(std::uint64_t uncovered, std::int64_t began_ns);
  Status append_unknown_outcomes(Disk& disk);

  const Options options_;
  Clock& clock_;
  const std::unique_ptr<DiskLock> lock_;
  const std::unique_ptr<CheckpointSigner> signer_;
  const std::unique_ptr<LogWriter> writer_;  // the writer thread's, once it runs

  Disk* disk_ = nullptr;
  Disk* blobs_ = nullptr;  // where whole content goes; null: nowhere
  BlobUses blob_uses_;
  std::mutex blobs_going_;  // held by who removes blobs
  Index swept_base_ = 0;    // entries that were pruned when blobs were last swept; the writer thread's

  mutable std::mutex mutex_;
  std::condition_variable writer_cv_, space_cv_, durable_cv_;
  SlotBuffer filling_;   // by producers
  SlotBuffer draining_;  // into the stage; the writer thread changes it, under mutex_ unless it only takes
  Index next_;
  Index durable_;
  Index queued_from_ = 0;    // the first entry of filling_
  Index commit_wanted_ = 0;  // entries before this one are waited for
  bool producers_blocked_ = false;
  Index segment_wanted_ = 0;      // entries before this one are wanted in segments that are full
  Index newest_segment_ = 0;      // its first entry
  bool erasing_ = false;          // eraser_ works
  std::function<void()> erased_;  // tells its caller
  bool writer_sleeps_ = false;    // until it is told that there is something
  bool closing_ = false, closed_ = false;
  OpenIntents open_;
  std::multimap<Index, std::function<void(Status)>> waiters_;
  std::vector<Ready> ready_;  // callbacks for the writer thread to run
  std::atomic<bool> healthy_{true};
  Error error_;
  std::uint64_t commits_ = 0, recovered_unknown_ = 0, bytes_, segments_;
  std::int64_t recovery_us_ = -1;
  Status close_status_;
  std::string signer_error_;
  Index checkpoint_size_ = 0;

  // The writer thread's.
  bool flying_ = false;                 // the flusher writes
  std::optional<Status> flight_ended_;  // under mutex_, set by the flusher
  bool retry_ = false;                  // what is in flight is to be written again
  Staged staged_ = Staged::kAll;        // what stage() said last
  std::optional<SteadyTime> due_at_;    // of what is in filling_
  std::int64_t checkpoint_ns_ = 0;      // monotonic time of the last checkpoint, or attempt at one
  bool signing_ = false;                // the notary waits for the signer
  std::optional<Status> signed_;        // under mutex_, set by the notary
  // Used by one of writer and notary at a time.
  Checkpoint asked_;                    // what is to be signed
  std::string note_;                    // of it
  std::optional<Checkpoint> unsealed_;  // what `checkpoint` holds, when it waits for a seal
  std::int64_t sealed_ns_ = 0;          // monotonic time of the last seal
  std::unique_ptr<Flusher> notary_;     // a signer that hangs must not hold up the writer
  std::unique_ptr<Flusher> flusher_;
  Disk* tiles_ = nullptr;    // where tiles are built; null: on command alone
  bool tiling_ = false;      // under mutex_
  Index tiles_asked_ = 0;    // entries before the newest segment when tiles were last asked for
  Index tiled_ = 0;          // under mutex_
  std::string tiles_error_;  // under mutex_
  std::atomic<bool> stop_tiling_{false};
  std::unique_ptr<Flusher> eraser_;  // made when content is first erased
  std::unique_ptr<Flusher> tiler_;   // on a thread of its own, behind everything else
  std::mutex close_mutex_;
  std::thread thread_;
};

}  // namespace agentos::recorder
