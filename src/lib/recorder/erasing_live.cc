// Erasing while the log is written. Segments that are full are nobody's but pruning's, which is held off; the one that
// is written to is closed first, so that neither the writer's buffers nor the salt generator of now hold what goes.
#include <fmt/format.h>

#include "lib/recorder/blob.h"
#include "lib/recorder/group_commit.h"
#include "lib/recorder/redaction.h"

namespace agentos::recorder {

void LogRecorder::erase(std::set<Index> entries, std::function<void(Result<Redacted>)> done) {
  Lock lock(mutex_);
  Status ready = check_open();
  if (ready && erasing_)
    ready = fail(ErrorCode::kBusy, fmt::format("other content of the log in {} is being erased", options_.directory),
                 "try again");
  if (ready && !entries.empty() && *entries.rbegin() >= next_) ready = no_such_entry(*entries.rbegin());
  if (!ready) {
    lock.unlock();
    return done(std::unexpected(ready.error()));
  }
  erasing_ = true;
  if (!eraser_) {
    eraser_ = std::make_unique<Flusher>([this](const Status&) {
      Lock ended(mutex_);
      erasing_ = false;
      const auto tell = std::move(erased_);
      ended.unlock();
      tell();
    });
  }
  eraser_->start([this, entries = std::move(entries), done = std::move(done)]() -> Status {
    auto erased = std::make_shared<Result<Redacted>>(erase_now(entries));
    const std::lock_guard own(mutex_);
    erased_ = [done, erased] { done(std::move(*erased)); };
    return {};
  });
}

// Once this is so, nothing is written to the segment that holds the entry.
Status LogRecorder::close_segment_of(Index index) {
  Lock lock(mutex_);
  segment_wanted_ = std::max(segment_wanted_, index + 1);
  commit_wanted_ = std::max(commit_wanted_, index + 1);
  writer_sleeps_ = false;
  writer_cv_.notify_one();
  durable_cv_.wait(lock,
                   [&] { return newest_segment_ > index || !healthy_.load(std::memory_order_relaxed) || closing_; });
  if (newest_segment_ > index) return {};
  segment_wanted_ = 0;
  TRY(check_open());
  return fail(ErrorCode::kIo, "the disk failed before the content was erased", "try again");
}

Status LogRecorder::wait_sequence_durable() {
  Lock lock(mutex_);
  const Index end = next_;
  commit_wanted_ = std::max(commit_wanted_, end);
  writer_sleeps_ = false;
  writer_cv_.notify_one();
  durable_cv_.wait(lock, [&] { return durable_ >= end || !healthy_.load(std::memory_order_relaxed) || closing_; });
  if (durable_ >= end) return {};
  TRY(check_open());
  return fail(ErrorCode::kIo, "the disk failed before the content was erased", "try again");
}

Result<Redacted> LogRecorder::erase_now(const std::set<Index>& entries) {
  if (entries.empty()) return Redacted{};
  if (entries.size() > kErasedAtOnceMax)
    return fail(ErrorCode::kTooLarge, fmt::format("at most {} entries are erased at once", kErasedAtOnceMax));
  const std::lock_guard going(blobs_going_);
  blob_uses_.begin_sweep();  // from here on what is put is known; what was put before names itself on disk
  TRY(wait_sequence_durable());
  TRY(close_segment_of(*entries.rbegin()));
  const auto held = writer_->hold_segments();
  return erase_held(*disk_, options_.directory, entries, [this](const crypto::Digest& blob, const auto& remove) {
    return blob_uses_.unless_used(crypto::hex(blob), remove);
  });
}

}  // namespace agentos::recorder
