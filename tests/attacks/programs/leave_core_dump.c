// Dies with its memory written to a file, or handed to the host's helper, which somebody reads later. Asks first for a
// limit that allows it: none, or the 0 at which Linux starts the helper all the same.
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
  if (present.rlim_cur > 1) return succeeded("allow core dumps");
  const struct rlimit none = {0, present.rlim_max};
  setrlimit(RLIMIT_CORE, &none);
  if (getrlimit(RLIMIT_CORE, &present) != 0) return kCannotTry;
  errno = EPERM;
  return present.rlim_cur == 0 ? succeeded("have core dumps handed on") : refused("allow core dumps");
}
