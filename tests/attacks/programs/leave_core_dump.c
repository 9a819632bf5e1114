// Dies with its memory written to a file, which somebody reads later; asks for a limit that allows it first.
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "attack.h"

int main(void) {
  const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
  struct rlimit present;
  setrlimit(RLIMIT_CORE, &all);
  if (getrlimit(RLIMIT_CORE, &present) != 0) return kCannotTry;
  errno = EPERM;
  return present.rlim_cur != 0 ? succeeded("allow core dumps") : refused("allow core dumps");
}
