// Would signal its parent (signal 0 asks whether it may). The first process of its own namespace may be asked, but must
// not die of it.
#include <signal.h>

#include "attack.h"

int main(void) {
  if (getppid() != 1) return judge(kill(getppid(), 0), "signal the parent");
  if (kill(1, SIGKILL) != 0) return refused("kill the parent");
  usleep(50000);  // its end would be ours
  errno = EPERM;
  return refused("the first process lives on");
}
