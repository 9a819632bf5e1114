// FICLONE, else copy_file_range, else reading and writing; permissions of folders last, for they may forbid filling.
#include "lib/workspace/folder_copy.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include "lib/workspace/beneath.h"

namespace agentos::workspace {
namespace {

constexpr std::size_t kCopyBytes = 128 * 1024;
constexpr std::size_t kRangeBytesMax = std::size_t{64} << 20;

timespec time_of(std::int64_t ns) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::int64_t rest = ((ns % kSecond) + kSecond) % kSecond;
  return {.tv_sec = (ns - rest) / kSecond, .tv_nsec = rest};
}

Status copy_by_hand(int from, int to, std::uint64_t left, const std::string& name) {
  static thread_local std::array<char, kCopyBytes> buffer;
  while (left > 0) {
    const ssize_t got = ::read(from, buffer.data(), std::min<std::uint64_t>(left, buffer.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, "cannot read the content of " + quoted(name));
    if (got == 0) return {};
    for (ssize_t done = 0; done < got;) {
      const ssize_t written = ::write(to, buffer.data() + done, static_cast<std::size_t>(got - done));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return fail_errno(errno, "cannot write a copy of " + quoted(name));
      done += written;
    }
    left -= static_cast<std::uint64_t>(got);
  }
  return {};
}

Status copy_content(int from, int to, std::uint64_t size, const std::string& name) {
  if (size == 0) return {};
  struct stat status{};
  if (::fstat(from, &status) == 0 && static_cast<std::uint64_t>(status.st_size) == size &&
      ::ioctl(to, FICLONE, from) == 0) {
    return {};
  }
  std::uint64_t left = size;
  while (left > 0) {
    const ssize_t got = ::copy_file_range(from, nullptr, to, nullptr, std::min<std::uint64_t>(left, kRangeBytesMax), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO || errno == EFBIG)) {
      return fail_errno(errno, "cannot write a copy of " + quoted(name));
    }
    if (got <= 0) return copy_by_hand(from, to, left, name);  // also when it claims an end, as some file systems do
    left -= static_cast<std::uint64_t>(got);
  }
  return {};
}

Status make_link(const Entry& entry, int folder, const std::string& name) {
  if (::symlinkat(entry.target.c_str(), folder, name.c_str()) == 0) return {};
  return fail_errno(errno, "cannot make the link " + quoted(name));
}

// Opens the folder even if its permissions forbid it to its owner.
Result<io::Fd> open_for_removal(int parent, const std::string& name) {
  int fd = try_open_beneath(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (fd == -EACCES) {
    const io::Fd place = TRY(open_beneath(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW));
    ::chmod(("/proc/self/fd/" + std::to_string(place.get())).c_str(), S_IRWXU);
    fd = try_open_beneath(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  }
  if (fd < 0) return fail_errno(-fd, "cannot open " + quoted(name) + " to remove it");
  struct stat status{};
  if (::fstat(fd, &status) == 0 && (status.st_mode & S_IRWXU) != S_IRWXU) ::fchmod(fd, S_IRWXU);
  return io::Fd(fd);
}

constexpr std::size_t kNamesAtOnce = 10'000;  // as many are read, removed, and then the folder is read again
constexpr std::size_t kFoldersHeldMax = 32;   // descriptors; what lies deeper is moved to the top first

struct Level {
  io::Fd fd;
  std::vector<std::string> folders;  // to be removed before the folder is read again
  std::string name;
};

// Removes files and links of the next names; the folders among them are returned. `empty`: there were none any more.
Result<std::vector<std::string>> remove_files(int folder, bool& empty) {
  std::vector<std::string> folders;
  const std::vector<std::string> names = TRY(some_names_in(folder, ".", kNamesAtOnce));
  empty = names.empty();
  for (const std::string& name : names) {
    if (::unlinkat(folder, name.c_str(), 0) == 0 || errno == ENOENT) continue;
    if (errno != EISDIR && errno != EPERM) return fail_errno(errno, "cannot remove " + quoted(name));
    folders.push_back(name);
  }
  return folders;
}

// Down one folder at a time; each level's descriptor stays open, so that nobody's rename leads elsewhere.
class Removal {
 public:
  explicit Removal(io::Fd top) : top_(top.get()) { levels_.push_back({std::move(top), {}, {}}); }

  Status run() {
    while (!levels_.empty()) {
      Level& level = levels_.back();
      if (level.folders.empty()) {
        bool empty = false;
        level.folders = TRY(remove_files(level.fd.get(), empty));
        if (empty) TRY(leave());
        continue;
      }
      std::string name = std::move(level.folders.back());
      level.folders.pop_back();
      io::Fd below = TRY(open_for_removal(level.fd.get(), name));
      if (levels_.size() < kFoldersHeldMax) {
        levels_.push_back({std::move(below), {}, std::move(name)});
      } else {
        TRY(move_up(level.fd.get(), name));
      }
    }
    return {};
  }

 private:
  Status leave() {
    const std::string name = std::move(levels_.back().name);
    levels_.pop_back();
    if (levels_.empty()) return {};
    if (::unlinkat(levels_.back().fd.get(), name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return {};
    return fail_errno(errno, "cannot remove the folder " + quoted(name));
  }

  Status move_up(int folder, const std::string& name) {
    for (;;) {
      const std::string above = ".removed-" + std::to_string(moved_++);
      if (::renameat2(folder, name.c_str(), top_, above.c_str(), RENAME_NOREPLACE) == 0) return {};
      if (errno != EEXIST) return fail_errno(errno, "cannot move the folder " + quoted(name) + " to remove it");
    }
  }

  const int top_;
  std::uint64_t moved_ = 0;
  std::vector<Level> levels_;
};

}  // namespace

Status copy_entry(int source, const Entry& entry, int folder, const std::string& name, Durable durable) {
  if (entry.kind == Kind::kLink) return make_link(entry, folder, name);
  const io::Fd made(::openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!made.valid()) return fail_errno(errno, "cannot make a copy of " + quoted(name));
  TRY(copy_content(source, made.get(), entry.size_bytes, name));
  if (::fchmod(made.get(), entry.mode) != 0) return fail_errno(errno, "cannot set the mode of " + quoted(name));
  const timespec times[2] = {time_of(entry.modified_ns), time_of(entry.modified_ns)};
  if (::futimens(made.get(), times) != 0) return fail_errno(errno, "cannot set the time of " + quoted(name));
  if (durable == Durable::kYes && ::fsync(made.get()) != 0) return fail_errno(errno, "cannot sync " + quoted(name));
  return {};
}

Status copy_folder(int from, const Snapshot& snapshot, int to) {
  for (const auto& [path, entry] : snapshot) {
    const std::string name = name_of(path);
    const io::Fd folder = TRY(open_beneath(to, parent_of(path), O_RDONLY | O_DIRECTORY));
    if (entry.kind == Kind::kFolder) {
      if (::mkdirat(folder.get(), name.c_str(), S_IRWXU) != 0) {
        return fail_errno(errno, "cannot make the folder " + quoted(path));
      }
      continue;
    }
    io::Fd source;
    if (entry.kind == Kind::kFile) source = TRY(open_beneath(from, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    TRY(copy_entry(source.get(), entry, folder.get(), name, Durable::kNo));
  }
  for (auto at = snapshot.rbegin(); at != snapshot.rend(); ++at) {
    if (at->second.kind != Kind::kFolder) continue;
    const io::Fd folder = TRY(open_beneath(to, at->first, O_RDONLY | O_DIRECTORY));
    if (::fchmod(folder.get(), at->second.mode) != 0) {
      return fail_errno(errno, "cannot set the mode of " + quoted(at->first));
    }
  }
  return {};
}

Status empty_folder(int folder) { return Removal(TRY(open_beneath(folder, "", O_RDONLY | O_DIRECTORY))).run(); }

Status remove_folder(int parent, const std::string& name) {
  struct stat status{};
  if (::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT ? Status{} : fail_errno(errno, "cannot look at " + quoted(name));
  }
  const io::Fd folder = TRY(open_for_removal(parent, name));
  TRY(empty_folder(folder.get()));
  if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0) return {};
  return fail_errno(errno, "cannot remove the folder " + quoted(name));
}

}  // namespace agentos::workspace
