// mkdir and rmdir, or an exclusive open and unlink; no link is ever followed.
#include "lib/sandbox/mechanism/placeholder.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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

int make_at(int folder, const char* name, std::uint32_t flags) {
  if ((flags & kMakeFolder) != 0) return ::mkdirat(folder, name, 0755) == 0 || needs_none(errno) ? 0 : errno;
  const int fd = ::openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (fd < 0) return needs_none(errno) ? 0 : errno;
  ::close(fd);
  return 0;
}

}  // namespace

int make_placeholder(const char* path, std::uint32_t flags) {
  if ((flags & (kMakeFolder | kMakeFile)) == 0) return 0;
  const char* name = nullptr;
  const int folder = open_folder_of(path, name);
  if (folder < 0) return errno;
  const int error = make_at(folder, name, flags);
  ::close(folder);
  return error;
}

void remove_placeholder(const char* path, std::uint32_t flags) {
  if ((flags & (kMakeFolder | kMakeFile)) == 0) return;
  const char* name = nullptr;
  const int folder = open_folder_of(path, name);
  if (folder < 0) return;
  struct stat status{};
  if ((flags & kMakeFolder) != 0) {
    ::unlinkat(folder, name, AT_REMOVEDIR);  // only when empty
  } else if (::fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode) &&
             status.st_size == 0) {
    ::unlinkat(folder, name, 0);
  }
  ::close(folder);
}

}  // namespace agentos::sandbox
