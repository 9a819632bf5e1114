// The log is walked once for the names, then the folders are compared with them.
#include "lib/recorder/blob_sweep.h"

#include <fmt/format.h>

#include "lib/recorder/blob.h"
#include "lib/recorder/segment_reader.h"

namespace agentos::recorder {

namespace {

constexpr unsigned kBlobFolders = 256;
constexpr std::size_t kBlobNameSize = 2 * sizeof(crypto::Digest);

std::unexpected<Error> swept_later() { return fail(ErrorCode::kCancelled, "blobs are swept later"); }

// Every blob the kept entries name. Whatever is unreadable stops the sweep: it might name one.
Result<std::unordered_set<std::string>> named_blobs(Disk& disk, const std::string& directory,
                                                    const std::function<bool()>& go_on) {
  std::unordered_set<std::string> named;
  const auto names = TRY(list_segments(disk, directory));
  for (const std::string& name : names) {
    Segment segment = TRY(open_segment(disk, directory, name));
    FrameCursor cursor(*segment.file, segment.frames_at, segment.size);
    for (std::uint64_t frames = 0;; ++frames) {
      if (frames % 256 == 0 && !go_on()) return swept_later();
      const auto step = TRY(cursor.next());
      if (step == FrameCursor::Step::kBad && name != names.back())
        return fail(ErrorCode::kCorrupt, fmt::format("{} offset {}: {}", name, cursor.offset(), cursor.reason()),
                    "run: agentos log verify");
      if (step != FrameCursor::Step::kFrame) break;
      if (!cursor.frame().has_opening() || cursor.frame().erased()) continue;
      const auto blob = blob_named_by(cursor.frame().opening);
      if (!blob) continue;
      if (named.size() >= kSweptBlobsMax) return fail(ErrorCode::kTooLarge, "too many blobs to be swept");
      named.insert(crypto::hex(*blob));
    }
  }
  return named;
}

}  // namespace

void BlobUses::begin(const std::string& name) {
  const std::lock_guard lock(mutex_);
  ++in_use_[name];
  if (used_.size() >= kSweptBlobsMax) overflowed_ = true;
  if (!overflowed_) used_.insert(name);
}

void BlobUses::end(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = in_use_.find(name);
  if (found != in_use_.end() && --found->second == 0) in_use_.erase(found);
}

void BlobUses::begin_sweep() {
  const std::lock_guard lock(mutex_);
  used_.clear();
  overflowed_ = false;
  for (const auto& [name, uses] : in_use_) used_.insert(name);
}

Result<bool> BlobUses::unless_used(const std::string& name, const std::function<Status()>& remove) {
  const std::lock_guard lock(mutex_);
  if (overflowed_ || used_.contains(name)) return false;
  TRY(remove());
  return true;
}

Result<std::uint64_t> sweep_blobs(Disk& disk, const std::string& directory, BlobUses& uses,
                                  const std::function<bool()>& go_on) {
  const auto named = TRY(named_blobs(disk, directory, go_on));
  std::uint64_t removed = 0;
  for (unsigned folder = 0; folder < kBlobFolders; ++folder) {
    const std::string path = fmt::format("{}/blob/{:02x}", directory, folder);
    const auto files = disk.list(path);
    if (!files && files.error().code == ErrorCode::kNotFound) continue;
    if (!files) return std::unexpected(files.error());
    for (const std::string& file : *files) {
      if (!go_on()) return swept_later();
      // Also what an interrupted put left: <name>.<number>.tmp
      const std::string name = file.substr(0, kBlobNameSize);
      if (name.size() < kBlobNameSize || (file.size() == kBlobNameSize && named.contains(name))) continue;
      TRY(uses.unless_used(name, [&]() -> Status {
        const auto gone = disk.remove(path + "/" + file);
        if (!gone && gone.error().code != ErrorCode::kNotFound) return gone;
        ++removed;
        return {};
      }));
    }
  }
  return removed;
}

}  // namespace agentos::recorder
