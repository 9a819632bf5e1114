// Starves its parent by setting a resource limit of it.
#include <sys/resource.h>

#include "attack.h"

int main(void) {
  struct rlimit limit;
  if (prlimit(getppid(), RLIMIT_CORE, NULL, &limit) != 0) return refused("prlimit of the parent");
  return judge(prlimit(getppid(), RLIMIT_CORE, &limit, NULL), "set a limit of the parent");
}
