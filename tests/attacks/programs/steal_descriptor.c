// Copies a descriptor out of its parent (pidfd_getfd).
#include <sys/syscall.h>

#include "attack.h"

int main(void) {
  const int fd = (int)syscall(SYS_pidfd_open, getppid(), 0);
  if (fd < 0) return refused("pidfd_open");
  const long stolen = syscall(SYS_pidfd_getfd, fd, 0, 0);
  if (stolen < 0 && errno == EBADF) return succeeded("pidfd_getfd was permitted");
  return judge(stolen, "pidfd_getfd");
}
