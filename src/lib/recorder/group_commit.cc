// The writer thread. It never waits for the disk while there is something to stage, unless the flight is so small that
// handing it to the flusher would cost more than it takes.
#include "lib/recorder/group_commit.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>

#include "lib/recorder/subtree_sources.h"
#include "lib/recorder/tile_builder.h"

namespace agentos::recorder {

namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr auto kSweepWait = std::chrono::seconds(5);  // for entries in sequence to be on disk; else the next time

// The calling thread from now on: a core with nothing else to run counts as free to the scheduler, so that writer and
// producers are not put on one core beside it, as they are beside a thread that is merely nice.
void run_when_idle() {
  const sched_param none{};
  (void)::pthread_setschedparam(::pthread_self(), SCHED_IDLE, &none);
}

}  // namespace

LogRecorder::LogRecorder(Options options, Clock& clock, std::unique_ptr<DiskLock> lock,
                         std::unique_ptr<CheckpointSigner> signer, std::unique_ptr<LogWriter> writer)
    : options_(std::move(options)),
      clock_(clock),
      lock_(std::move(lock)),
      signer_(std::move(signer)),
      writer_(std::move(writer)),
      filling_(options_.queue_bytes_max),
      draining_(options_.queue_bytes_max),
      next_(writer_->size()),
      durable_(writer_->size()),
      bytes_(writer_->bytes()),
      segments_(writer_->segments()) {}

Status LogRecorder::start(Disk& disk, Preparation preparation) {
  if (options_.content == Content::kWhole) blobs_ = &disk;
  TRY(append_torn());
  TRY(append_unknown_outcomes(disk));
  TRY(commit_here());
  sealed_ns_ = clock_.monotonic_ns() - options_.seal_interval_ms * kNsPerMs;
  if (writer_->checkpoint().size > 0) unsealed_ = writer_->checkpoint();
  checkpoint_size_ = writer_->checkpoint().size;
  if (checkpoint_size_ != writer_->size()) TRY(checkpoint_now());
  bytes_ = writer_->bytes();
  segments_ = writer_->segments();
  queued_from_ = next_;
  checkpoint_ns_ = clock_.monotonic_ns();
  flusher_ = std::make_unique<Flusher>([this](Status status) {
    const std::lock_guard lock(mutex_);
    flight_ended_ = std::move(status);
    writer_cv_.notify_one();
  });
  notary_ = std::make_unique<Flusher>([this](Status status) {
    const std::lock_guard lock(mutex_);
    signed_ = std::move(status);
    writer_cv_.notify_one();
  });
  if (preparation == Preparation::kAhead) {
    tiles_ = &disk;
    tiled_ = tiles_asked_ = TileSubtrees(disk, options_.directory).tiled();
    tiler_ = std::make_unique<Flusher>([this](const Status& status) {
      const std::lock_guard lock(mutex_);
      tiling_ = false;
      tiles_error_ = status ? std::string() : status.error().message;
    });
  }
  thread_ = std::thread([this] { run(); });
  return {};
}

// Once a segment is full and signed. A thread of its own with the lowest priority reads what is in segments: neither
// the writer nor a producer waits for it. What fails is tried again with the next segment.
void LogRecorder::tidy_when_full() {
  const Index full = writer_->newest_segment();
  if (tiles_ == nullptr || tiling_ || closing_ || full <= tiles_asked_ || writer_->checkpoint().size < full) return;
  tiles_asked_ = full;
  tiling_ = true;
  const bool sweeps = blobs_ != nullptr && writer_->oldest_segment() > swept_base_;
  if (sweeps) swept_base_ = writer_->oldest_segment();
  tiler_->start([this, checkpoint = writer_->checkpoint(), sweeps]() { return tidy(checkpoint, sweeps); });
}

Status LogRecorder::tidy(const Checkpoint& checkpoint, bool sweeps) {
  run_when_idle();
  const auto go_on = [this] { return !stop_tiling_.load(std::memory_order_relaxed); };
  const auto built = build_tiles(*tiles_, options_.directory, checkpoint, TileContent::kHashes, go_on);
  if (built) {
    const std::lock_guard lock(mutex_);
    tiled_ = built->size;
  }
  if (sweeps) {
    blob_uses_.begin_sweep();
    Lock lock(mutex_);
    const Index end = next_;  // what is in sequence names blobs that are not in use any more
    durable_cv_.wait_for(lock, kSweepWait, [&] { return durable_ >= end || !go_on(); });
    const bool durable = durable_ >= end;
    lock.unlock();
    if (durable) TRY(sweep_blobs(*blobs_, options_.directory, blob_uses_, go_on));
  }
  return built ? Status{} : std::unexpected(built.error());
}

void LogRecorder::ask_signer() {
  asked_ = writer_->next_checkpoint();
  signing_ = true;
  notary_->start([this] { return sign(); });
}

Status LogRecorder::sign() {
  const std::int64_t now_ns = clock_.monotonic_ns();
  if (unsealed_ && now_ns - sealed_ns_ >= options_.seal_interval_ms * kNsPerMs) {
    TRY(signer_->seal(checkpoint_body(*unsealed_)));
    unsealed_.reset();
    sealed_ns_ = now_ns;
  }
  note_ = TRY(signer_->sign(checkpoint_body(asked_)));
  return {};
}

Status LogRecorder::write_signed() {
  TRY(writer_->write_checkpoint(asked_, note_));
  unsealed_ = asked_;
  return {};
}

Status LogRecorder::checkpoint_now() {
  asked_ = writer_->next_checkpoint();
  TRY(sign());
  TRY(write_signed());
  checkpoint_size_ = asked_.size;
  return {};
}

// Without a signer appending goes on; the next attempt is an interval away.
void LogRecorder::checkpoint_signed(Lock& lock) {
  const Status status = std::move(*signed_);
  signed_.reset();
  signing_ = false;
  signer_error_ = status ? std::string() : status.error().message;
  if (status && attempt(lock, [this] { return write_signed(); })) checkpoint_size_ = asked_.size;
  checkpoint_ns_ = clock_.monotonic_ns();
  tidy_when_full();
}

void LogRecorder::run_ready(Lock& lock) {
  while (!ready_.empty()) {
    std::vector<Ready> ready;
    ready.swap(ready_);
    lock.unlock();
    for (auto& [done, status] : ready) done(std::move(status));
    lock.lock();
  }
}

bool LogRecorder::is_due() {
  if (filling_.empty()) return false;
  if (closing_ || producers_blocked_ || commit_wanted_ > queued_from_ || filling_.size() >= kEagerCommitBytes)
    return true;
  const auto now = std::chrono::steady_clock::now();
  if (!due_at_) due_at_ = now + std::chrono::milliseconds(options_.commit_interval_ms);
  return now >= *due_at_;
}

std::int64_t LogRecorder::until_checkpoint_ms() const {
  const Index covered = writer_->checkpoint().size;
  if (signing_ || covered >= writer_->size()) return -1;
  const bool signs = signer_error_.empty();
  if (signs && writer_->size() - covered >= options_.checkpoint_entries) return 0;
  const std::int64_t interval_ms =
      signs ? options_.checkpoint_interval_ms : std::max(options_.checkpoint_interval_ms, kRetryMs);
  const std::int64_t waited_ms = (clock_.monotonic_ns() - checkpoint_ns_) / kNsPerMs;
  return std::clamp<std::int64_t>(interval_ms - waited_ms, 0, interval_ms);
}

LogRecorder::Next LogRecorder::next_step() {
  if (retry_) return Next::kRetry;
  if (signed_ && !flying_) return Next::kCheckpoint;
  if (until_checkpoint_ms() == 0) return Next::kAskSigner;
  if (!flying_ && writer_->has_staged()) return Next::kTakeOff;
  if (!draining_.empty()) {
    if (staged_ == Staged::kAll || staged_ == Staged::kSome) return Next::kStage;
    if (staged_ == Staged::kStageFull && !writer_->has_staged()) return Next::kStage;
    if (staged_ == Staged::kSegmentFull && !flying_) return Next::kSegment;
    return Next::kWait;
  }
  if (is_due()) return Next::kTakeQueue;
  return closing_ && !flying_ && !signing_ ? Next::kEnd : Next::kWait;
}

void LogRecorder::wait(Lock& lock) {
  if (flying_ || !filling_.empty()) {
    if (due_at_ && draining_.empty()) {
      writer_cv_.wait_until(lock, *due_at_);
    } else {
      writer_cv_.wait(lock);
    }
    return;
  }
  writer_sleeps_ = true;
  if (const std::int64_t rest_ms = until_checkpoint_ms(); rest_ms >= 0) {
    writer_cv_.wait_for(lock, std::chrono::milliseconds(std::max<std::int64_t>(rest_ms, 1)));
  } else {
    writer_cv_.wait(lock);
  }
  writer_sleeps_ = false;
}

void LogRecorder::stage(Lock& lock) {
  lock.unlock();
  const Staged staged = writer_->stage(draining_);
  lock.lock();
  staged_ = staged;
  if (staged != Staged::kAll) return;
  draining_.clear();
  space_cv_.notify_all();
}

void LogRecorder::take_off(Lock& lock) {
  writer_->take_off();
  if (staged_ == Staged::kStageFull) staged_ = Staged::kSome;
  fly(lock);
}

void LogRecorder::fly(Lock& lock) {
  flying_ = true;
  if (writer_->flight_bytes() > kSmallFlightBytes) {
    flusher_->start([this] { return writer_->write_flight(); });
    return;
  }
  lock.unlock();
  Status status = writer_->write_flight();
  lock.lock();
  flight_ended_ = std::move(status);
}

void LogRecorder::landed(Lock& lock) {
  const Status status = std::move(*flight_ended_);
  flight_ended_.reset();
  flying_ = false;
  if (status) {
    writer_->land();
    healthy_.store(true, std::memory_order_release);
    publish();
    return;
  }
  report_failure(status.error());
  retry_ = true;
  flying_ = true;  // nothing else may be written before it
  if (!closing_) return pause(lock);
  close_status_ = std::unexpected(error_);
}

void LogRecorder::pause(Lock& lock) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kRetryMs);
  do {
    run_ready(lock);
  } while (!closing_ && writer_cv_.wait_until(lock, deadline) != std::cv_status::timeout);
}

void LogRecorder::publish() {
  durable_ = writer_->size();
  ++commits_;
  bytes_ = writer_->bytes();
  segments_ = writer_->segments();
  const auto end = waiters_.lower_bound(durable_);
  for (auto waiter = waiters_.begin(); waiter != end; waiter = waiters_.erase(waiter))
    ready_.emplace_back(std::move(waiter->second), Status{});
  durable_cv_.notify_all();
}

void LogRecorder::fail_waiters(const Error& error) {
  for (auto& [index, done] : waiters_) ready_.emplace_back(std::move(done), std::unexpected(error));
  waiters_.clear();
  durable_cv_.notify_all();
  space_cv_.notify_all();
}

void LogRecorder::report_failure(Error error) {
  if (error.code != ErrorCode::kNoSpace) error.code = ErrorCode::kIo;
  error.message = fmt::format("the log in {} cannot be written: {}", options_.directory, error.message);
  error.hint = error.code == ErrorCode::kNoSpace ? "free disk space; recording resumes by itself"
                                                 : "mend the disk; recording resumes by itself";
  error_ = std::move(error);
  healthy_.store(false, std::memory_order_release);
  fail_waiters(error_);
}

// Repeats `action` until it succeeds; between attempts every waiter and producer is told. Holds the lock except in it.
bool LogRecorder::attempt(Lock& lock, const std::function<Status()>& action) {
  for (;;) {
    lock.unlock();
    Status status = action();
    lock.lock();
    if (status) {
      healthy_.store(true, std::memory_order_release);
      return true;
    }
    report_failure(std::move(status).error());
    if (closing_) {
      close_status_ = std::unexpected(error_);
      return false;
    }
    pause(lock);
  }
}

void LogRecorder::run() {
  Lock lock(mutex_);
  while (close_status_) {
    run_ready(lock);
    if (flight_ended_) {
      landed(lock);
      continue;
    }
    switch (next_step()) {
      case Next::kRetry:
        retry_ = false;
        fly(lock);
        break;
      case Next::kCheckpoint:
        checkpoint_signed(lock);
        break;
      case Next::kAskSigner:
        ask_signer();
        break;
      case Next::kTakeOff:
        take_off(lock);
        break;
      case Next::kStage:
        stage(lock);
        break;
      case Next::kSegment:
        if (attempt(lock, [this] { return writer_->begin_segment(); })) staged_ = Staged::kSome;
        break;
      case Next::kTakeQueue:
        std::swap(filling_, draining_);
        queued_from_ = next_;
        producers_blocked_ = false;
        due_at_.reset();
        staged_ = Staged::kSome;
        break;
      case Next::kWait:
        wait(lock);
        break;
      case Next::kEnd:
        return finish(lock);
    }
  }
  finish(lock);
}

void LogRecorder::finish(Lock& lock) {
  lock.unlock();
  notary_.reset();  // before its work is done here
  lock.lock();
  if (close_status_ && writer_->checkpoint().size != writer_->size())
    (void)attempt(lock, [this] { return checkpoint_now(); });
  // Otherwise the next open seals it.
  if (close_status_ && unsealed_) (void)signer_->seal(checkpoint_body(*unsealed_));
  stop_tiling_.store(true, std::memory_order_relaxed);
  durable_cv_.notify_all();
  lock.unlock();
  flusher_.reset();
  tiler_.reset();
  writer_->discard_prepared();
  lock.lock();
  closed_ = true;
  fail_waiters(Error{ErrorCode::kClosed, fmt::format("the log in {} is closed", options_.directory), {}});
  run_ready(lock);
}

Status LogRecorder::close() {
  const std::lock_guard once(close_mutex_);
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    writer_cv_.notify_one();
    space_cv_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  const std::lock_guard lock(mutex_);
  return close_status_;
}

}  // namespace agentos::recorder
