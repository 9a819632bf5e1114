// The walk: a stack of folders, each opened beneath the first, each file opened and then looked at.
#include "lib/workspace/snapshot.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "lib/workspace/beneath.h"

namespace agentos::workspace {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::uint32_t kModeBits = 07777;
constexpr std::size_t kTargetBytesMax = 4096;

std::int64_t modified_of(const struct stat& status) {
  return std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
}

Result<crypto::Digest> digest_of(int fd, const std::string& path, std::uint64_t bytes_max) {
  static thread_local std::vector<char> buffer(kReadBytes);
  crypto::Sha256 hash;
  std::uint64_t total = 0;
  for (;;) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, "cannot read " + quoted(path));
    if (got == 0) return hash.finish();
    total += static_cast<std::uint64_t>(got);
    if (total > bytes_max) {
      return fail(ErrorCode::kTooLarge, quoted(path) + " grows while it is read",
                  "end what writes to the folder, then try again");
    }
    hash.update({buffer.data(), static_cast<std::size_t>(got)});
  }
}

Result<std::string> target_of(int folder, const std::string& name, const std::string& path) {
  std::array<char, kTargetBytesMax> target;
  const ssize_t size = ::readlinkat(folder, name.c_str(), target.data(), target.size());
  if (size < 0) return fail_errno(errno, "cannot read the link " + quoted(path));
  if (static_cast<std::size_t>(size) == target.size()) {
    return fail(ErrorCode::kTooLarge, "the link " + quoted(path) + " is too long");
  }
  return std::string(target.data(), static_cast<std::size_t>(size));
}

// `name` in `folder`; `status` is what an lstat of it says.
Result<Entry> read_entry(int folder, const std::string& name, const std::string& path, struct stat& status) {
  Entry entry;
  entry.mode = status.st_mode & kModeBits;
  entry.modified_ns = modified_of(status);
  if (S_ISDIR(status.st_mode)) {
    entry.kind = Kind::kFolder;
  } else if (S_ISLNK(status.st_mode)) {
    entry.kind = Kind::kLink;
    entry.mode = 0;
    entry.target = TRY(target_of(folder, name, path));
  } else if (S_ISREG(status.st_mode)) {
    entry.kind = Kind::kFile;
    const io::Fd fd = TRY(open_beneath(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
    if (::fstat(fd.get(), &status) != 0) return fail_errno(errno, "cannot look at " + quoted(path));
    if (!S_ISREG(status.st_mode)) return fail(ErrorCode::kBusy, quoted(path) + " changes while it is looked at");
    entry.mode = status.st_mode & kModeBits;
    entry.modified_ns = modified_of(status);
    entry.size_bytes = static_cast<std::uint64_t>(status.st_size);
    entry.digest = TRY(digest_of(fd.get(), path, entry.size_bytes));
  } else {
    return fail(ErrorCode::kUnsupported, quoted(path) + " is a device, a socket or a pipe",
                "a workspace holds folders, files and links; remove it");
  }
  return entry;
}

class Walk {
 public:
  Walk(int root, const SnapshotOptions& options) : root_(root), options_(options) {}

  Result<Snapshot> run() {
    std::vector<std::string> waiting = {""};
    while (!waiting.empty()) {
      const std::string folder = std::move(waiting.back());
      waiting.pop_back();
      TRY(look_into(folder, waiting));
    }
    TRY(check_links());
    return std::move(found_);
  }

 private:
  struct Links {
    std::uint64_t all = 0, seen = 0;
    std::string path;
  };

  Status look_into(const std::string& folder, std::vector<std::string>& waiting) {
    if (static_cast<std::size_t>(std::count(folder.begin(), folder.end(), '/')) >= options_.bounds.depth) {
      return fail(ErrorCode::kTooLarge,
                  quoted(folder) + " lies deeper than " + std::to_string(options_.bounds.depth) + " folders");
    }
    const io::Fd fd = TRY(open_beneath(root_, folder, O_RDONLY | O_DIRECTORY));
    for (const std::string& name : TRY(names_in(fd.get(), folder))) {
      if (folder.empty() && !options_.skipped.empty() && name == options_.skipped) continue;
      const std::string path = folder.empty() ? name : folder + "/" + name;
      struct stat status{};
      if (::fstatat(fd.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return fail_errno(errno, "cannot look at " + quoted(path));
      }
      TRY(charge(path, status));
      Entry entry = TRY(read_entry(fd.get(), name, path, status));
      if (entry.kind == Kind::kFile && status.st_nlink > 1) {
        Links& links = links_[{status.st_dev, status.st_ino}];
        links.all = status.st_nlink;
        ++links.seen;
        links.path = path;
      }
      if (entry.kind == Kind::kFolder) waiting.push_back(path);
      found_.emplace(path, std::move(entry));
    }
    return {};
  }

  Status charge(const std::string& path, const struct stat& status) {
    const Bounds& bounds = options_.bounds;
    if (path.size() > kPathBytesMax) return fail(ErrorCode::kTooLarge, "the path " + quoted(path) + " is too long");
    if (found_.size() == bounds.entries) {
      return fail(ErrorCode::kTooLarge, "the folder holds more than " + std::to_string(bounds.entries) + " files",
                  "take a smaller folder");
    }
    list_bytes_ += path.size();
    if (S_ISLNK(status.st_mode)) list_bytes_ += static_cast<std::uint64_t>(std::max<off_t>(status.st_size, 0));
    if (list_bytes_ > bounds.list_bytes) {
      return fail(ErrorCode::kTooLarge,
                  "the names in the folder are longer than " + std::to_string(bounds.list_bytes) + " bytes together",
                  "fewer files, or shorter names");
    }
    if (S_ISREG(status.st_mode)) bytes_ += static_cast<std::uint64_t>(status.st_size);
    if (bytes_ > bounds.bytes) {
      return fail(ErrorCode::kTooLarge, "the folder holds more than " + std::to_string(bounds.bytes) + " bytes",
                  "take a smaller folder");
    }
    return {};
  }

  Status check_links() const {
    if (options_.hard_links == HardLinks::kAny) return {};
    for (const auto& [inode, links] : links_) {
      if (links.all <= links.seen) continue;
      return fail(ErrorCode::kNotPermitted, quoted(links.path) + " is a hard link to a file outside of the workspace",
                  "replace it by a copy, or discard the workspace");
    }
    return {};
  }

  const int root_;
  const SnapshotOptions& options_;
  Snapshot found_;
  std::uint64_t bytes_ = 0, list_bytes_ = 0;
  std::map<std::pair<dev_t, ino_t>, Links> links_;
};

}  // namespace

bool same(const Entry& one, const Entry& other) {
  if (one.kind != other.kind || one.mode != other.mode) return false;
  if (one.kind == Kind::kFile) return one.size_bytes == other.size_bytes && one.digest == other.digest;
  return one.kind != Kind::kLink || one.target == other.target;
}

Result<Snapshot> take_snapshot(int folder, const SnapshotOptions& options) { return Walk(folder, options).run(); }

Result<Entry> entry_at(int folder, const std::string& path) {
  const int opened = try_open_beneath(folder, parent_of(path), O_RDONLY | O_DIRECTORY);
  // A missing folder, and a file or link where one was, hold nothing.
  if (opened == -ENOENT || opened == -ENOTDIR || opened == -ELOOP) return Entry{};
  if (opened < 0) return fail_errno(-opened, "cannot look at " + quoted(path));
  const io::Fd parent(opened);
  const std::string name = name_of(path);
  struct stat status{};
  if (::fstatat(parent.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return Entry{};
    return fail_errno(errno, "cannot look at " + quoted(path));
  }
  return read_entry(parent.get(), name, path, status);
}

std::vector<Change> difference(const Snapshot& before, const Snapshot& after) {
  std::vector<Change> changes;
  auto old = before.begin();
  auto now = after.begin();
  while (old != before.end() || now != after.end()) {
    if (now == after.end() || (old != before.end() && old->first < now->first)) {
      changes.push_back({old->first, old->second, {}});
      ++old;
    } else if (old == before.end() || now->first < old->first) {
      changes.push_back({now->first, {}, now->second});
      ++now;
    } else {
      if (!same(old->second, now->second)) changes.push_back({old->first, old->second, now->second});
      ++old;
      ++now;
    }
  }
  return changes;
}

std::vector<Change> inverse(const std::vector<Change>& changes) {
  std::vector<Change> undone;
  undone.reserve(changes.size());
  for (const Change& change : changes) undone.push_back({change.path, change.after, change.before});
  return undone;
}

std::string_view word_of(const Change& change) {
  if (change.before.kind == Kind::kAbsent) return "added";
  if (change.after.kind == Kind::kAbsent) return "removed";
  if (change.before.kind != change.after.kind) return "replaced";
  Entry with_mode = change.before;
  with_mode.mode = change.after.mode;
  return same(with_mode, change.after) ? "mode" : "changed";
}

}  // namespace agentos::workspace
