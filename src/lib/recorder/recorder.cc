// The queue and the writer thread. A producer encodes on its own thread and holds the lock only to take an index and
// copy; the writer swaps the whole queue out and makes it durable while the next one fills.
#include "lib/recorder/recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <limits>
#include <map>
#include <mutex>
#include <thread>

#include "base/json/value.h"
#include "lib/recorder/disk_log.h"
#include "lib/recorder/leaf_writer.h"
#include "lib/recorder/log_recorder.h"
#include "lib/recorder/opening.h"

namespace agentos::recorder {

std::string_view name_of(Mode mode) {
  switch (mode) {
    case Mode::kEffects:
      return "effects";
    case Mode::kAlways:
      return "always";
    case Mode::kInterval:
      return "interval";
  }
  return "effects";
}

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

// An entry as its producer encoded it.
struct Encoded {
  Slot slot;
  std::string leaf;
  std::string scratch;
  std::string_view opening;
};

void encode(const Entry& entry, Encoded& out) {
  out.leaf.clear();
  const std::size_t place = encode_leaf_without_commitment(entry, out.leaf);
  out.opening = place == kNoCommitment ? std::string_view{} : bounded_opening(opening_of(entry).text, out.scratch);
  out.slot = Slot{};
  out.slot.leaf_size = static_cast<std::uint32_t>(out.leaf.size());
  out.slot.opening_size = static_cast<std::uint32_t>(out.opening.size());
  out.slot.commitment_at = place == kNoCommitment ? 0 : static_cast<std::uint32_t>(place);
  if (const auto* intent = std::get_if<Intent>(&entry)) {
    out.slot.kind = Kind::kIntent;
    out.slot.external = intent->effect == Effect::kExternal && intent->verdict == Verdict::kAllow;
  } else if (const auto* outcome = std::get_if<Outcome>(&entry)) {
    out.slot.kind = Kind::kOutcome;
    out.slot.intent = outcome->intent;
  } else if (std::holds_alternative<Refused>(entry)) {
    out.slot.kind = Kind::kRefused;
  }
}

class LogRecorder final : public Recorder {
 public:
  LogRecorder(Options options, Clock& clock, std::unique_ptr<DiskLock> lock, std::unique_ptr<LogWriter> writer)
      : options_(std::move(options)),
        clock_(clock),
        lock_(std::move(lock)),
        writer_(std::move(writer)),
        filling_(options_.queue_bytes_max),
        draining_(options_.queue_bytes_max),
        next_(writer_->size()),
        durable_(writer_->size()),
        bytes_(writer_->bytes()),
        segments_(writer_->segments()) {}
  ~LogRecorder() override { (void)close(); }

  // Starts the writer thread and puts what the last run left undone into the log.
  Status start(Disk& disk);

  Result<Index> append(const Entry& entry) override;
  void when_durable(Index index, std::function<void(Status)> done) override;
  Status wait_durable(Index index) override;
  Status health() const override;
  Stats stats() const override;
  Mode mode() const override { return options_.mode; }
  Status close() override;

 private:
  using Ready = std::pair<std::function<void(Status)>, Status>;
  using Lock = std::unique_lock<std::mutex>;

  Status check_open() const;  // under mutex_
  Status check_outcome(const Slot& slot) const;
  bool has_room(const Slot& slot) const {
    return filling_.size() + slot.size() + draining_bytes_ <= options_.queue_bytes_max;
  }
  void ask_for_commit(Index index);
  std::unexpected<Error> no_such_entry(Index index) const;

  void run();
  bool wait_for_work(Lock& lock);  // false: closing and nothing is left
  void run_ready(Lock& lock);
  void commit_all(Lock& lock);
  bool attempt(Lock& lock, const std::function<Status()>& action);  // false: given up, because closing
  void publish(Index durable);
  void report_failure(Error error);
  void fail_waiters(const Error& error);
  void finish(Lock& lock);
  Status commit_here();
  Status append_torn();
  Status append_unknown_outcomes(Disk& disk);

  const Options options_;
  Clock& clock_;
  const std::unique_ptr<DiskLock> lock_;
  const std::unique_ptr<LogWriter> writer_;  // the writer thread's, once it runs

  mutable std::mutex mutex_;
  std::condition_variable writer_cv_, space_cv_, durable_cv_;
  SlotBuffer filling_, draining_;  // draining_ is the writer's while draining_bytes_ > 0
  std::size_t draining_bytes_ = 0;
  Index next_;
  Index durable_;
  Index commit_wanted_ = 0;  // entries before this one are waited for
  bool producers_blocked_ = false;
  bool writer_sleeps_ = false;  // until it is told that there is something
  bool closing_ = false, closed_ = false;
  OpenIntents open_;
  std::multimap<Index, std::function<void(Status)>> waiters_;
  std::vector<Ready> ready_;  // callbacks for the writer thread to run
  std::atomic<bool> healthy_{true};
  Error error_;
  std::uint64_t commits_ = 0, recovered_unknown_ = 0, bytes_, segments_;
  Status close_status_;
  std::int64_t checkpoint_ns_ = 0;  // monotonic time of the last checkpoint; the writer thread's
  std::mutex close_mutex_;
  std::thread thread_;
};

Status LogRecorder::check_open() const {
  if (closing_) return fail(ErrorCode::kClosed, fmt::format("the log in {} is closed", options_.directory));
  if (!healthy_.load(std::memory_order_relaxed)) return std::unexpected(error_);
  return {};
}

Status LogRecorder::check_outcome(const Slot& slot) const {
  if (slot.kind != Kind::kOutcome || open_.contains(slot.intent)) return {};
  if (slot.intent < next_ && open_.overflowed()) return {};
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("the outcome names entry {}, which is no intent that waits for one", slot.intent),
              "append one outcome for each intent, with the index its append returned");
}

Result<Index> LogRecorder::append(const Entry& entry) {
  if (!healthy_.load(std::memory_order_acquire)) TRY(health());
  thread_local Encoded encoded;
  encode(entry, encoded);
  const Slot& slot = encoded.slot;
  Lock lock(mutex_);
  while (!has_room(slot) && check_open()) {
    producers_blocked_ = true;
    writer_cv_.notify_one();
    space_cv_.wait(lock);
  }
  if (closing_ || !healthy_.load(std::memory_order_relaxed)) return std::unexpected(check_open().error());
  if (slot.kind == Kind::kOutcome) TRY(check_outcome(slot));
  const Index index = next_++;
  if (slot.kind == Kind::kIntent) open_.insert(index);
  if (slot.kind == Kind::kOutcome) open_.erase(slot.intent);
  const std::size_t before = filling_.size();
  filling_.put(slot, encoded.leaf, encoded.opening);
  const bool wake = writer_sleeps_ || (before < kEagerCommitBytes && filling_.size() >= kEagerCommitBytes);
  writer_sleeps_ = false;
  lock.unlock();
  if (wake) writer_cv_.notify_one();
  return index;
}

std::unexpected<Error> LogRecorder::no_such_entry(Index index) const {
  return fail(ErrorCode::kInvalidArgument, fmt::format("entry {} was not appended", index));
}

void LogRecorder::ask_for_commit(Index index) {
  if (options_.mode == Mode::kInterval || commit_wanted_ > index) return;
  commit_wanted_ = index + 1;
  writer_sleeps_ = false;
  writer_cv_.notify_one();
}

void LogRecorder::when_durable(Index index, std::function<void(Status)> done) {
  Lock lock(mutex_);
  Status status;
  if (index >= next_) {
    status = no_such_entry(index);
  } else if (durable_ <= index) {
    status = healthy_.load(std::memory_order_relaxed) ? Status{} : std::unexpected(error_);
    if (status && !closed_) {
      waiters_.emplace(index, std::move(done));
      ask_for_commit(index);
      return;
    }
    if (status) status = close_status_ ? fail(ErrorCode::kClosed, "the log is closed") : close_status_;
  }
  if (closed_) {  // there is no writer thread any more
    lock.unlock();
    done(std::move(status));
    return;
  }
  ready_.emplace_back(std::move(done), std::move(status));
  writer_sleeps_ = false;
  writer_cv_.notify_one();
}

Status LogRecorder::wait_durable(Index index) {
  Lock lock(mutex_);
  if (index >= next_) return no_such_entry(index);
  if (durable_ > index) return {};
  ask_for_commit(index);
  durable_cv_.wait(lock, [&] { return durable_ > index || !healthy_.load(std::memory_order_relaxed) || closed_; });
  if (durable_ > index) return {};
  if (!healthy_.load(std::memory_order_relaxed)) return std::unexpected(error_);
  return fail(ErrorCode::kClosed, fmt::format("the log in {} is closed", options_.directory));
}

Status LogRecorder::health() const {
  if (healthy_.load(std::memory_order_acquire)) return {};
  const std::lock_guard lock(mutex_);
  if (healthy_.load(std::memory_order_relaxed)) return {};
  return std::unexpected(error_);
}

Stats LogRecorder::stats() const {
  const std::lock_guard lock(mutex_);
  Stats stats;
  stats.directory = options_.directory;
  stats.mode = options_.mode;
  stats.entries = next_;
  stats.durable = durable_;
  stats.bytes = bytes_;
  stats.segments = segments_;
  stats.commits = commits_;
  stats.recovered_unknown = recovered_unknown_;
  stats.healthy = healthy_.load(std::memory_order_relaxed);
  if (!stats.healthy) stats.error = error_.message;
  return stats;
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

bool LogRecorder::wait_for_work(Lock& lock) {
  bool timed = false;
  SteadyTime deadline;
  for (;;) {
    run_ready(lock);
    if (!filling_.empty()) {
      if (closing_ || producers_blocked_ || commit_wanted_ > durable_ || filling_.size() >= kEagerCommitBytes)
        return true;
      if (!timed) deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(options_.commit_interval_ms);
      timed = true;
      if (writer_cv_.wait_until(lock, deadline) == std::cv_status::timeout && !filling_.empty()) return true;
      continue;
    }
    if (closing_) return false;
    const std::int64_t waited_ms = (clock_.monotonic_ns() - checkpoint_ns_) / 1'000'000;
    const bool wants_checkpoint = writer_->checkpoint_size() < writer_->size();
    if (wants_checkpoint && waited_ms >= kCheckpointIntervalMs) return true;
    writer_sleeps_ = true;
    if (wants_checkpoint) {
      const auto rest = std::clamp<std::int64_t>(kCheckpointIntervalMs - waited_ms, 1, kCheckpointIntervalMs);
      writer_cv_.wait_for(lock, std::chrono::milliseconds(rest));
    } else {
      writer_cv_.wait(lock);
    }
    writer_sleeps_ = false;
  }
}

void LogRecorder::publish(Index durable) {
  durable_ = durable;
  ++commits_;
  bytes_ = writer_->bytes();
  segments_ = writer_->segments();
  const auto end = waiters_.lower_bound(durable);
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
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kRetryMs);
    do {
      run_ready(lock);
    } while (!closing_ && writer_cv_.wait_until(lock, deadline) != std::cv_status::timeout);
  }
}

void LogRecorder::commit_all(Lock& lock) {
  std::swap(filling_, draining_);
  draining_bytes_ = draining_.size();
  producers_blocked_ = false;
  while (draining_.taken() < draining_.size()) {
    if (!attempt(lock, [this] { return writer_->commit(draining_); })) break;
    publish(writer_->size());
    run_ready(lock);
  }
  draining_.clear();
  draining_bytes_ = 0;
  space_cv_.notify_all();
}

void LogRecorder::finish(Lock& lock) {
  if (close_status_ && writer_->checkpoint_size() != writer_->size())
    (void)attempt(lock, [this] { return writer_->write_checkpoint(); });
  lock.unlock();
  writer_->discard_prepared();
  lock.lock();
  closed_ = true;
  fail_waiters(Error{ErrorCode::kClosed, fmt::format("the log in {} is closed", options_.directory), {}});
  run_ready(lock);
}

void LogRecorder::run() {
  Lock lock(mutex_);
  while (wait_for_work(lock)) {
    if (!filling_.empty()) commit_all(lock);
    if (!close_status_) break;
    const bool due = clock_.monotonic_ns() - checkpoint_ns_ >= kCheckpointIntervalMs * 1'000'000;
    if (!due || writer_->checkpoint_size() == writer_->size()) continue;
    if (!attempt(lock, [this] { return writer_->write_checkpoint(); })) break;
    checkpoint_ns_ = clock_.monotonic_ns();
  }
  finish(lock);
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

// Everything queued, durable, before the writer thread runs.
Status LogRecorder::commit_here() {
  std::swap(filling_, draining_);
  while (draining_.taken() < draining_.size()) TRY(writer_->commit(draining_));
  draining_.clear();
  durable_ = writer_->size();
  return {};
}

Status LogRecorder::append_torn() {
  const auto& torn = writer_->torn();
  if (!torn) return {};
  const std::string detail =
      fmt::format(R"({{"octets":{},"offset":{},"segment":"{}"}})", torn->octets, torn->offset, torn->segment);
  Event event;
  event.name = "recovered";
  event.time_us = clock_.wall_us();
  event.detail.text = detail;
  TRY(append(event));
  return {};
}

// One outcome with status unknown for each external intent the last run left open, with the intent's agent and call.
Status LogRecorder::append_unknown_outcomes(Disk& disk) {
  const std::vector<Index> open = writer_->external().sorted();
  if (open.empty()) return {};
  std::map<Index, std::pair<std::string, std::string>> names;
  TRY(read_log_on(disk, options_.directory, {open.front(), open.back()}, [&](const StoredEntry& entry) {
    if (!std::binary_search(open.begin(), open.end(), entry.index)) return true;
    if (const auto leaf = json::parse(entry.leaf))
      names[entry.index] = {std::string(leaf->string_or("agent", "")), std::string(leaf->string_or("call", ""))};
    return true;
  }));
  for (Index intent : open) {
    const auto& [agent, call] = names[intent];  // empty when it was pruned
    Outcome outcome;
    outcome.intent = intent;
    outcome.agent = agent;
    outcome.call = call;
    outcome.status = OutcomeStatus::kUnknown;
    outcome.time_us = clock_.wall_us();
    open_.insert(intent);
    TRY(append(outcome));
    ++recovered_unknown_;
    if (filling_.size() > options_.queue_bytes_max / 2) TRY(commit_here());
  }
  return {};
}

Status LogRecorder::start(Disk& disk) {
  TRY(append_torn());
  TRY(append_unknown_outcomes(disk));
  TRY(commit_here());
  if (writer_->checkpoint_size() != writer_->size()) TRY(writer_->write_checkpoint());
  bytes_ = writer_->bytes();
  segments_ = writer_->segments();
  checkpoint_ns_ = clock_.monotonic_ns();
  thread_ = std::thread([this] { run(); });
  return {};
}

// A recorder that owns its disk.
class RealRecorder final : public Recorder {
 public:
  RealRecorder(std::unique_ptr<Disk> disk, std::unique_ptr<Recorder> recorder)
      : disk_(std::move(disk)), recorder_(std::move(recorder)) {}
  Result<Index> append(const Entry& entry) override { return recorder_->append(entry); }
  void when_durable(Index index, std::function<void(Status)> done) override {
    recorder_->when_durable(index, std::move(done));
  }
  Status wait_durable(Index index) override { return recorder_->wait_durable(index); }
  Status health() const override { return recorder_->health(); }
  Stats stats() const override { return recorder_->stats(); }
  Mode mode() const override { return recorder_->mode(); }
  Status close() override { return recorder_->close(); }

 private:
  std::unique_ptr<Disk> disk_;
  std::unique_ptr<Recorder> recorder_;
};

}  // namespace

Result<std::unique_ptr<Recorder>> open_recorder(Options options, Clock& clock, Random& random, Disk& disk,
                                                Preparation preparation) {
  if (options.directory.empty() || options.commit_interval_ms < 0)
    return fail(ErrorCode::kInvalidArgument, "a recorder needs a directory and a commit interval of 0 ms or more");
  options.queue_bytes_max = std::max(options.queue_bytes_max, kQueueBytesMin);
  TRY(disk.make_directory(options.directory));
  auto lock = disk.lock(fmt::format("{}/{}", options.directory, kLockName));
  if (!lock && lock.error().code == ErrorCode::kBusy)
    return fail(ErrorCode::kBusy, fmt::format("another process writes the log in {}", options.directory),
                "stop it, or use another state directory");
  if (!lock) return std::unexpected(std::move(lock).error());
  auto writer = TRY(LogWriter::open(options, clock, random, disk, preparation));
  auto recorder = std::make_unique<LogRecorder>(std::move(options), clock, std::move(*lock), std::move(writer));
  TRY(recorder->start(disk));
  return recorder;
}

Result<std::unique_ptr<Recorder>> Recorder::open(Options options, Clock& clock, Random& random) {
  auto disk = make_real_disk();
  auto recorder = TRY(open_recorder(std::move(options), clock, random, *disk, Preparation::kAhead));
  return std::make_unique<RealRecorder>(std::move(disk), std::move(recorder));
}

}  // namespace agentos::recorder
