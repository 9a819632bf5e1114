// The checkpoint first, then segments: what it covers was on disk before it was signed.
#include "lib/recorder/backup.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>
#include <vector>

#include "lib/recorder/disk.h"
#include "lib/recorder/format.h"
#include "lib/recorder/note.h"
#include "lib/recorder/recovery.h"
#include "lib/recorder/segment_reader.h"
#include "lib/recorder/tile.h"

namespace agentos::recorder {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSmallFileBytesMax = 16 << 20;
constexpr std::size_t kCopyBytes = 1 << 20;
constexpr int kAttemptsMax = 8;                         // the log may change while it is copied
constexpr auto kPause = std::chrono::milliseconds(50);  // before the next attempt
constexpr std::size_t kFilesMax = 10'000'000;

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
  static std::unexpected<Error> no_list(const std::error_code& error, const std::string& of) {
    return fail(ErrorCode::kIo, fmt::format("cannot list {}: {}", of, error.message()));
  }

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
    std::error_code error, unused;
    for (const auto& entry : fs::directory_iterator(from_, error)) {
      const std::string name = entry.path().filename().string();
      if (name == kPrunedName || is_left_out(name, keys_) || !entry.is_regular_file(unused)) continue;
      TRY(small_file(name));
    }
    if (error) return no_list(error, from_);
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
    std::error_code error;
    if (!fs::is_directory(fs::symlink_status(from_ + "/" + name, error))) return true;
    const std::string before = note(tiled);
    TRY(folder(name));
    return note(tiled) == before;
  }

  // Blobs: each file is written once, under a name that says what is in it.
  Status folders() {
    std::error_code error, unused;
    for (const auto& entry : fs::directory_iterator(from_, error)) {
      const std::string name = entry.path().filename().string();
      if (name == kTileFolder || !entry.is_directory(unused) || entry.is_symlink(unused)) continue;
      TRY(folder(name));
    }
    return error ? no_list(error, from_) : Status{};
  }

  Status folder(const std::string& name) {
    std::error_code error, unused;
    TRY(disk_.make_directory(to_ + "/" + name));
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(from_ + "/" + name, error)) {
      if (++count > kFilesMax) return fail(ErrorCode::kTooLarge, fmt::format("{} has too many files", name));
      const std::string relative = name + "/" + fs::relative(entry.path(), from_ + "/" + name).string();
      if (entry.is_symlink(unused)) continue;
      if (entry.is_directory(unused)) {
        TRY(disk_.make_directory(to_ + "/" + relative));
        continue;
      }
      if (relative.ends_with(".tmp") || (keys_ == BackupKeys::kLeftOut && relative.ends_with(".key"))) continue;
      TRY(file(entry.path().string(), to_ + "/" + relative));
    }
    return error ? no_list(error, from_ + "/" + name) : Status{};
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
};

Result<BackupReport> copy_and_verify(Disk& disk, const std::string& directory, const std::string& partial,
                                     BackupKeys keys) {
  for (int attempt = 1;; ++attempt) {
    std::error_code error;
    fs::remove_all(partial, error);
    const bool live = disk.is_locked(fmt::format("{}/{}", directory, kLockName));
    Copying copying(disk, directory, partial, keys);
    bool changed = !TRY(copying.run());
    if (!changed) {
      copying.report.verified = TRY(verify_log(partial));
      copying.report.bytes = copying.report.verified.bytes;
      if (copying.report.verified.valid) return std::move(copying.report);
      changed = live && copying.is_behind_pruning();
    }
    if (attempt < kAttemptsMax && (changed || live)) {
      std::this_thread::sleep_for(kPause);
      continue;
    }
    if (changed)
      return fail(ErrorCode::kBusy, "the log changes faster than it can be copied",
                  "try again when less is written, or raise its disk budget");
    return fail(ErrorCode::kCorrupt,
                fmt::format("the copy does not verify: {} at {}", copying.report.verified.problem,
                            copying.report.verified.position),
                "agentos log verify says whether the log itself does");
  }
}

}  // namespace

Result<BackupReport> back_up_log(const std::string& directory, const std::string& to, BackupKeys keys) {
  std::error_code error;
  if (fs::exists(to, error) && !(fs::is_directory(to, error) && fs::is_empty(to, error)))
    return fail(ErrorCode::kAlreadyExists, to + " exists already", "name a directory that does not");
  if (!fs::is_regular_file(directory + "/log.pub", error))
    return fail(ErrorCode::kNotFound, "there is no log in " + directory, "name its directory with --dir");
  const auto disk = make_real_disk();
  const std::string partial = to + ".partial";
  auto report = copy_and_verify(*disk, directory, partial, keys);
  if (report) {
    fs::remove(to, error);  // when it was there, it was empty
    fs::rename(partial, to, error);
    if (!error) {
      const std::string above = fs::path(to).parent_path().string();
      TRY(disk->sync_directory(above.empty() ? "." : above));
      return report;
    }
    report = fail(ErrorCode::kIo, fmt::format("cannot rename {} to {}: {}", partial, to, error.message()));
  }
  fs::remove_all(partial, error);
  return report;
}

}  // namespace agentos::recorder
