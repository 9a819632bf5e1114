// Exchanges the root for one it made.
#include <stdlib.h>
#include <sys/syscall.h>

#include "attack.h"

int main(void) {
  const char* tmp = getenv("TMPDIR");
  // A host without mounts of ours answers EINVAL to somebody who may do it at all.
  if (syscall(SYS_pivot_root, tmp, tmp) == 0 || errno == EINVAL || errno == EBUSY) return succeeded("pivot_root");
  return refused("pivot_root");
}
