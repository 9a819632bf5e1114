// Copies the whole tree of mounts to a descriptor (open_tree), where no path check looks, and opens files below it.
#include <fcntl.h>
#include <sys/syscall.h>

#include "attack.h"

int main(void) {
  if (syscall(428, AT_FDCWD, "/", 1) >= 0) return succeeded("open_tree");
  const int error = errno;
  if (syscall(430, "tmpfs", 0) >= 0) return succeeded("fsopen");
  errno = error;
  return refused("open_tree and fsopen");
}
