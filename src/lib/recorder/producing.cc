// What callers of the recorder do on their own threads: append, wait, ask.
#include <fmt/format.h>

#include "lib/recorder/blob.h"
#include "lib/recorder/encoded.h"
#include "lib/recorder/group_commit.h"
#include "lib/recorder/leaf_writer.h"

namespace agentos::recorder {

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

// Before the entry, so that what its opening names is there; it is in use until the entry is in sequence.
Result<std::string> LogRecorder::keep_whole(const Entry& entry) {
  const std::string_view text = opening_of(entry).text;
  if (blobs_ == nullptr || text.size() <= kOpeningSizeMax) return std::string();
  std::string name = crypto::hex(crypto::sha256(text));
  blob_uses_.begin(name);
  const Status put = put_blob(*blobs_, options_.directory, text);
  if (put) return name;
  blob_uses_.end(name);
  return std::unexpected(put.error());
}

Result<Index> LogRecorder::append(const Entry& entry) {
  if (!healthy_.load(std::memory_order_acquire)) TRY(health());
  if (blobs_ == nullptr) return append_entry(entry, Kept::kAsOpened);
  const std::string blob = TRY(keep_whole(entry));
  auto index = append_entry(entry, blob.empty() ? Kept::kAsOpened : Kept::kWhole);
  if (!blob.empty()) blob_uses_.end(blob);
  return index;
}

Result<Index> LogRecorder::append_entry(const Entry& entry, Kept kept) {
  thread_local Encoded encoded;
  encode(entry, kept, encoded);
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
  stats.recovery_us = recovery_us_;
  stats.healthy = healthy_.load(std::memory_order_relaxed);
  if (!stats.healthy) stats.error = error_.message;
  stats.checkpoint_size = checkpoint_size_;
  stats.signer_starts = signer_->state().starts;
  stats.signer_error = signer_error_;
  stats.tiled = tiled_;
  stats.tiles_error = tiles_error_;
  return stats;
}

}  // namespace agentos::recorder
