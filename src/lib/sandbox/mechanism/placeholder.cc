// mkdir and rmdir, or an exclusive open and unlink; no link is ever followed.
#include "lib/sandbox/mechanism/placeholder.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>

#include "lib/sandbox/mechanism/wire.h"

namespace agentos::sandbox {

namespace {

// The folder of the path, and its last name; no symbolic link on the way, which a former agent may have left there.
int open_folder_of(const char* path, const char*& name) {
  const char* slash = std::strrchr(path, '/');
  char folder[PATH_MAX];
  const auto size = static_cast<std::size_t>(slash - path);
  if (size == 0 || size >= sizeof folder) return -1;
  std::memcpy(folder, path, size);
  folder[size] = 0;
  name = slash + 1;
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS;
  return static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, folder, &how, sizeof how));
}

// What init may not make, its program may not make either.
bool needs_none(int error) { return error == EEXIST || error == EACCES || error == EROFS; }

constexpr char kSelf[] = {'.', '\n'};

// Nothing but what make_at() puts there.
bool is_blank(int fd, const struct stat& status) {
  if (S_ISDIR(status.st_mode) || !S_ISREG(status.st_mode)) return S_ISDIR(status.st_mode);
  char content[sizeof kSelf + 1];
  const ssize_t size = ::pread(fd, content, sizeof content, 0);
  return size == 0 || (size == sizeof kSelf && std::memcmp(content, kSelf, sizeof kSelf) == 0);
}

int make_at(int folder, const char* name, std::uint32_t flags) {
  if ((flags & kMakeFolder) != 0) return ::mkdirat(folder, name, 0755) == 0 || needs_none(errno) ? 0 : errno;
  const int fd = ::openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (fd < 0) return needs_none(errno) ? 0 : errno;
  const bool written = (flags & kMakeSelf) == 0 || ::write(fd, kSelf, sizeof kSelf) == sizeof kSelf;
  const int error = written ? 0 : EIO;
  if (!written) ::unlinkat(folder, name, 0);
  ::close(fd);
  return error;
}

int open_at(int folder, const char* name) {
  return ::openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

// Another tree may be removing it: what is locked must still be what has the name.
enum class Lock : std::uint8_t { kHeld, kNone, kAgain };
Lock lock_at(int folder, const char* name, int& held) {
  held = open_at(folder, name);
  if (held < 0) return errno == ENOENT ? Lock::kAgain : Lock::kNone;
  struct stat locked{}, named{};
  const bool same = ::flock(held, LOCK_SH | LOCK_NB) == 0 && ::fstat(held, &locked) == 0 &&
                    ::fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && locked.st_ino == named.st_ino &&
                    locked.st_dev == named.st_dev;
  if (same) return Lock::kHeld;
  ::close(held);
  held = -1;
  return Lock::kAgain;
}

constexpr int kLockTries = 100;
constexpr timespec kBetweenTries{0, 2'000'000};

}  // namespace

int make_placeholder(const char* path, std::uint32_t flags, int& held) {
  held = -1;
  if ((flags & (kMakeFolder | kMakeFile)) == 0) return 0;
  const char* name = nullptr;
  const int folder = open_folder_of(path, name);
  if (folder < 0) return errno;
  int error = 0;
  for (int tries = 0; tries < kLockTries; ++tries) {
    error = make_at(folder, name, flags);
    if (error != 0 || lock_at(folder, name, held) != Lock::kAgain) break;
    error = EBUSY;
    struct stat status{};
    // Not made, for nobody may make it here.
    if (::fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0 && ::faccessat(folder, ".", W_OK, AT_EACCESS) != 0) {
      error = 0;
      break;
    }
    ::nanosleep(&kBetweenTries, nullptr);
  }
  ::close(folder);
  return error;
}

void remove_placeholder(const char* path, std::uint32_t flags, int held) {
  if ((flags & (kMakeFolder | kMakeFile)) == 0) return;
  const char* name = nullptr;
  const int folder = open_folder_of(path, name);
  if (folder >= 0 && held < 0) held = open_at(folder, name);
  struct stat status{}, locked{};
  if (folder >= 0 && held >= 0 && ::flock(held, LOCK_EX | LOCK_NB) == 0) {
    if ((flags & kMakeFolder) != 0) {
      ::unlinkat(folder, name, AT_REMOVEDIR);  // only when empty
    } else if (::fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode) &&
               ::fstat(held, &locked) == 0 && status.st_ino == locked.st_ino && status.st_dev == locked.st_dev &&
               is_blank(held, locked)) {
      ::unlinkat(folder, name, 0);
    }
  }
  if (folder >= 0) ::close(folder);
  if (held >= 0) ::close(held);
}

bool is_placeholder(const char* path) {
  const int fd = ::open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return false;
  struct stat status{};
  const bool stood_on =
      ::fstat(fd, &status) == 0 && is_blank(fd, status) && ::flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(fd);
  return stood_on;
}

}  // namespace agentos::sandbox
