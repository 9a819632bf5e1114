// mkdir and rmdir, or an exclusive open and unlink; links are never followed at the last name.
#include "lib/sandbox/mechanism/placeholder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "lib/sandbox/mechanism/wire.h"

namespace agentos::sandbox {

int make_placeholder(const char* path, std::uint32_t flags) {
  if ((flags & kMakeFolder) != 0) return ::mkdir(path, 0755) == 0 || errno == EEXIST ? 0 : errno;
  if ((flags & kMakeFile) == 0) return 0;
  const int fd = ::open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (fd < 0) return errno == EEXIST ? 0 : errno;
  ::close(fd);
  return 0;
}

void remove_placeholder(const char* path, std::uint32_t flags) {
  struct stat status{};
  if ((flags & kMakeFolder) != 0) {
    ::rmdir(path);
  } else if ((flags & kMakeFile) != 0 && ::lstat(path, &status) == 0 && S_ISREG(status.st_mode) &&
             status.st_size == 0) {
    ::unlink(path);
  }
}

}  // namespace agentos::sandbox
