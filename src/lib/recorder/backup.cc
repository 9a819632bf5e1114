// The checkpoint first, then segments: what it covers was on disk before it was signed.
#include "lib/recorder/backup.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "lib/recorder/disk.h"
#include "lib/recorder/disk_log.h"
#include "lib/recorder/format.h"
#include "lib/recorder/note.h"
#include "lib/recorder/recovery.h"
#include "lib/recorder/segment_reader.h"
#include "lib/recorder/tile.h"

namespace agentos::recorder {
namespace {

constexpr std::size_t kSmallFileBytesMax = 16 << 20;
constexpr std::size_t kCopyBytes = 1 << 20;
constexpr int kAttemptsMax = 8;                         // the log may change while it is copied
constexpr auto kPause = std::chrono::milliseconds(50);  // before the next attempt
constexpr std::size_t kFilesMax = 10'000'000;
constexpr int kFolderDepthMax = 16;

bool is_segment(std::string_view name) { return segment_first(name).has_value(); }

// What is made from the log or guards it, and is not of the log.
bool is_left_out(std::string_view name, BackupKeys keys) {
  return name == "lock" || name.starts_with("index.sqlite") || name.ends_with(".tmp") || is_segment(name) ||
         (keys == BackupKeys::kLeftOut && name.ends_with(".key"));
}

class Copying {
 public:
  Copying(Disk& disk, const std::string& from, const std::string& to, BackupKeys keys)
      : disk_(disk), from_(from), to_(to), keys_(keys) {}

  // Tiles come before what they are made of, blobs behind what names them, and the word of what was pruned behind the
  // segments: so it covers every segment that is not among them. False: the log changed meanwhile; begin again in an
  // empty directory.
  Result<bool> run() {
    TRY(disk_.make_directory(to_));
    if (!TRY(tiles()) || !TRY(signed_files()) || !TRY(segments())) return false;
    TRY(small_file(std::string(kPrunedName)));
    TRY(folders());
    TRY(disk_.sync_directory(to_));
    return true;
  }
  // Whether so much was pruned since the copied checkpoint was signed that it covers nothing of what is left.
  bool is_behind_pruning() {
    const auto key = read_small_file(disk_, to_ + "/" + std::string(kVerifierName), kSmallFileBytesMax);
    const auto note = read_small_file(disk_, to_ + "/" + std::string(kCheckpointName), kSmallFileBytesMax);
    if (!key || !note) return false;
    const auto verifier = parse_verifier(*key);
    if (!verifier) return false;
    const auto checkpoint = open_checkpoint(*verifier, *note);
    return checkpoint && checkpoint->size < first_;
  }
  BackupReport report;

 private:
  std::string note(std::string_view name) {
    return read_small_file(disk_, fmt::format("{}/{}", from_, name), kSmallFileBytesMax).value_or("");
  }

  Status small_file(const std::string& name) {
    auto content = read_small_file(disk_, from_ + "/" + name, kSmallFileBytesMax);
    if (!content && content.error().code == ErrorCode::kNotFound) return {};  // renamed over meanwhile, or none
    TRY(replace_file(disk_, to_, name, TRY(std::move(content))));
    ++report.files;
    return {};
  }

  // The checkpoint and the seals belong together: false when another checkpoint was written meanwhile.
  Result<bool> signed_files() {
    const std::string checkpoint = note(kCheckpointName);
    for (const std::string& name : TRY(disk_.list(from_)))
      if (name != kPrunedName && !is_left_out(name, keys_)) TRY(small_file(name));
    return note(kCheckpointName) == checkpoint;
  }

  // The oldest may be pruned meanwhile; then the copy begins behind them. False: all of them were.
  Result<bool> segments() {
    const auto names = TRY(list_segments(disk_, from_));
    std::vector<std::string> copied;
    for (const std::string& name : names) {
      if (TRY(segment(name, name == names.back()))) {
        copied.push_back(name);
        continue;
      }
      report.files -= copied.size();
      copied.push_back(name);  // a part of it
      for (const std::string& pruned : copied) {
        const auto gone = disk_.remove(to_ + "/" + pruned);
        if (!gone && gone.error().code != ErrorCode::kNotFound) return std::unexpected(gone.error());
      }
      copied.clear();
    }
    if (!copied.empty()) first_ = *segment_first(copied.front());
    return !copied.empty() || names.empty();
  }

  bool is_gone(const std::string& name) {
    const auto file = disk_.open_for_reading(from_ + "/" + name);
    return !file && file.error().code == ErrorCode::kNotFound;
  }

  // False: it was pruned. Its room is used again, so what was read of it means nothing when its name is gone by now.
  Result<bool> segment(const std::string& name, bool is_last) {
    auto opened = open_segment(disk_, from_, name);
    if (!opened && is_gone(name)) return false;
    Segment segment = TRY(std::move(opened));
    std::uint64_t end = segment.size;
    if (is_last) {  // what stands behind its last whole entry may be half written
      FrameCursor cursor(*segment.file, segment.frames_at, segment.size);
      while (TRY(cursor.next()) == FrameCursor::Step::kFrame) {
      }
      end = cursor.offset();
    }
    auto copy = TRY(disk_.create(to_ + "/" + name));
    TRY(copy->reserve(segment.size));
    std::string octets;
    for (std::uint64_t at = 0; at < end;) {
      octets.resize(std::min<std::uint64_t>(kCopyBytes, end - at));
      octets.resize(TRY(segment.file->read_at(at, octets.data(), octets.size())));
      if (octets.empty()) break;
      TRY(copy->write_at(at, octets));
      at += octets.size();
    }
    if (is_gone(name)) return false;
    TRY(copy->sync());
    ++report.files;
    return true;
  }

  // False: they were built further meanwhile, and what is removed then may be missing.
  Result<bool> tiles() {
    const std::string name(kTileFolder), tiled = fmt::format("{}/{}", kTileFolder, kTiledName);
    const auto names = TRY(disk_.list_folders(from_));
    if (std::find(names.begin(), names.end(), name) == names.end()) return true;
    const std::string before = note(tiled);
    TRY(folder(name, kFolderDepthMax));
    return note(tiled) == before;
  }

  // Blobs: each file is written once, under a name that says what is in it.
  Status folders() {
    for (const std::string& name : TRY(disk_.list_folders(from_)))
      if (name != kTileFolder) TRY(folder(name, kFolderDepthMax));
    return {};
  }

  // With all that is below it; `name` is relative to the log.
  Status folder(const std::string& name, int depth_left) {
    if (depth_left == 0) return fail(ErrorCode::kTooLarge, fmt::format("{}/{} lies too deep", from_, name));
    TRY(disk_.make_directory(to_ + "/" + name));
    for (const std::string& file_name : TRY(disk_.list(from_ + "/" + name))) {
      if (++files_seen_ > kFilesMax) return fail(ErrorCode::kTooLarge, fmt::format("{} has too many files", from_));
      if (file_name.ends_with(".tmp") || (keys_ == BackupKeys::kLeftOut && file_name.ends_with(".key"))) continue;
      TRY(file(fmt::format("{}/{}/{}", from_, name, file_name), fmt::format("{}/{}/{}", to_, name, file_name)));
    }
    for (const std::string& below : TRY(disk_.list_folders(from_ + "/" + name)))
      TRY(folder(name + "/" + below, depth_left - 1));
    return disk_.sync_directory(to_ + "/" + name);
  }

  Status file(const std::string& source, const std::string& target) {
    auto opened = disk_.open_for_reading(source);
    if (!opened && opened.error().code == ErrorCode::kNotFound) return {};
    const auto from = TRY(std::move(opened));
    const auto to = TRY(disk_.create(target));
    std::string octets;
    for (std::uint64_t at = 0;;) {
      octets.resize(kCopyBytes);
      octets.resize(TRY(from->read_at(at, octets.data(), octets.size())));
      if (octets.empty()) break;
      TRY(to->write_at(at, octets));
      at += octets.size();
    }
    TRY(to->sync());
    ++report.files;
    return {};
  }

  Disk& disk_;
  const std::string& from_;
  const std::string& to_;
  const BackupKeys keys_;
  Index first_ = 0;  // entry of the copy
  std::size_t files_seen_ = 0;
};

Status remove_if_there(Disk& disk, const std::string& folder) {
  const auto removed = disk.remove_folder(folder);
  return !removed && removed.error().code != ErrorCode::kNotFound ? removed : Status{};
}

std::unexpected<Error> does_not_verify(std::string_view which, const VerifyReport& report, std::string hint) {
  return fail(ErrorCode::kCorrupt,
              fmt::format("{} does not verify: {} at {} ({})", which, report.problem, report.position, report.kind),
              std::move(hint));
}

// Of a copy that does not verify: the error, when that is because the log itself does not.
Status check_the_log(Disk& disk, const std::string& directory) {
  const VerifyReport report = TRY(verify_log_on(disk, directory));
  if (report.valid) return {};
  return does_not_verify("the log itself", report, "nothing was copied; agentos log verify says the same");
}

Result<BackupReport> copy_and_verify(Disk& disk, const std::string& directory, const std::string& partial,
                                     BackupKeys keys) {
  for (int attempt = 1;; ++attempt) {
    TRY(remove_if_there(disk, partial));
    const bool live = disk.is_locked(fmt::format("{}/{}", directory, kLockName));
    Copying copying(disk, directory, partial, keys);
    bool changed = !TRY(copying.run());
    if (!changed) {
      copying.report.verified = TRY(verify_log_on(disk, partial));
      copying.report.bytes = copying.report.verified.bytes;
      if (copying.report.verified.valid) return std::move(copying.report);
      changed = live && copying.is_behind_pruning();
    }
    if (!changed) TRY(check_the_log(disk, directory));
    if (attempt < kAttemptsMax && (changed || live)) {
      std::this_thread::sleep_for(kPause);
      continue;
    }
    if (changed)
      return fail(ErrorCode::kBusy, "the log changes faster than it can be copied",
                  "try again when less is written, or raise its disk budget");
    return does_not_verify("the copy", copying.report.verified, "the log itself does: try again");
  }
}

// kAlreadyExists unless there is nothing, or an empty folder.
Status check_target(Disk& disk, const std::string& to) {
  const auto taken = [&] {
    return fail(ErrorCode::kAlreadyExists, to + " exists already", "name a directory that does not");
  };
  const auto files = disk.list(to);
  if (!files && files.error().code == ErrorCode::kNotFound) return {};
  if (!files) return taken();
  return files->empty() && TRY(disk.list_folders(to)).empty() ? Status{} : taken();
}

std::string folder_above(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Result<BackupReport> back_up_log_on(Disk& disk, const std::string& directory, const std::string& target,
                                    BackupKeys keys) {
  const std::string to = target.substr(0, target.find_last_not_of('/') + 1);
  TRY(check_target(disk, to));
  if (!disk.open_for_reading(directory + "/" + std::string(kVerifierName)))
    return fail(ErrorCode::kNotFound, "there is no log in " + directory, "name its directory with --dir");
  const std::string partial = to + ".partial";
  auto report = copy_and_verify(disk, directory, partial, keys);
  bool renamed = false;
  if (report) {
    auto named = disk.rename(partial, to);
    renamed = named.has_value();
    if (renamed) named = disk.sync_directory(folder_above(to));
    if (named) return report;
    report = std::unexpected(named.error());
  }
  (void)remove_if_there(disk, renamed ? to : partial);
  return report;
}

Result<BackupReport> back_up_log(const std::string& directory, const std::string& to, BackupKeys keys) {
  const auto disk = make_real_disk();
  return back_up_log_on(*disk, directory, to, keys);
}

}  // namespace agentos::recorder
