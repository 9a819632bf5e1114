// Takes over page faults, the usual way to win races in the running kernel.
#include <sys/syscall.h>

#include "attack.h"

int main(void) {
  if (syscall(SYS_userfaultfd, 1) >= 0) return succeeded("userfaultfd");
  return errno == ENOSYS ? kCannotTry : refused("userfaultfd");
}
