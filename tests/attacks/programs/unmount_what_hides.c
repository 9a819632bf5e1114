// Unmounts whatever lies over something else.
#include <sys/mount.h>

#include "attack.h"

int main(void) {
  if (umount2("/proc", MNT_DETACH) == 0) return succeeded("umount /proc");
  return judge(umount2("/", MNT_DETACH), "umount /");
}
