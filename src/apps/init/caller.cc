// Everything goes over /proc and pidfds, for init is no parent of most callers.
#include "apps/init/caller.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace agentos::sandbox {
namespace {

constexpr int kPidfdOpen = 434, kPidfdGetfd = 438;

}  // namespace

Held::~Held() {
  if (fd_ < 0) return;
  const int error = errno;
  ::close(fd_);
  errno = error;
}

bool Caller::alive() const {
  std::uint64_t id = notification_.id;
  return ::ioctl(listener_, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

// Descriptors belong to the process; the notification names a thread.
int Caller::process() const {
  char path[64], status[1024];
  std::snprintf(path, sizeof path, "/proc/%u/status", thread());
  const Held file(::open(path, O_RDONLY | O_CLOEXEC));
  const ssize_t size = file.get() < 0 ? -1 : ::read(file.get(), status, sizeof status - 1);
  if (size <= 0) return -1;
  status[size] = 0;
  const char* line = std::strstr(status, "\nTgid:");
  return line == nullptr ? -1 : std::atoi(line + 6);
}

ssize_t Caller::read_memory(std::uint64_t address, void* into, std::size_t size) const {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%u/mem", thread());
  const Held memory(::open(path, O_RDONLY | O_CLOEXEC));
  if (memory.get() < 0 || !alive()) return -1;
  return ::pread(memory.get(), into, size, static_cast<off_t>(address));
}

bool Caller::read_path(std::uint64_t address, char (&path)[PATH_MAX]) const {
  // A page at a time would do; a short read ends at the edge of the mapping.
  const ssize_t count = read_memory(address, path, sizeof path);
  if (count > 0 && std::memchr(path, 0, static_cast<std::size_t>(count)) != nullptr) return true;
  errno = count == static_cast<ssize_t>(sizeof path) ? ENAMETOOLONG : EFAULT;
  return false;
}

int Caller::open_descriptor(int number) const {
  char path[64];
  if (number == AT_FDCWD) {
    std::snprintf(path, sizeof path, "/proc/%u/cwd", thread());
  } else {
    std::snprintf(path, sizeof path, "/proc/%u/fd/%d", thread(), number);
  }
  const int fd = ::open(path, O_PATH | O_CLOEXEC);
  if (fd >= 0 && alive()) return fd;
  if (fd >= 0) ::close(fd);
  errno = EBADF;
  return -1;
}

int Caller::take_descriptor(int number) const {
  const Held pidfd(static_cast<int>(::syscall(kPidfdOpen, process(), 0U)));
  return pidfd.get() < 0 ? -1 : static_cast<int>(::syscall(kPidfdGetfd, pidfd.get(), number, 0U));
}

void Caller::read_name(char* into, std::size_t size) const {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%u/comm", thread());
  const Held file(::open(path, O_RDONLY | O_CLOEXEC));
  ssize_t count = file.get() < 0 ? 0 : ::read(file.get(), into, size - 1);
  if (count < 0) count = 0;
  while (count > 0 && into[count - 1] == '\n') --count;
  into[count] = 0;
}

bool path_of(int fd, char (&path)[PATH_MAX]) {
  char link[64];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = ::readlink(link, path, sizeof path - 1);
  if (size <= 0 || size >= static_cast<ssize_t>(sizeof path) - 1) return false;
  path[size] = 0;
  return path[0] == '/';
}

}  // namespace agentos::sandbox
