// Mounts an empty file system, as a root without walls could over /etc. Tries a place where it does no harm.
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "attack.h"

int main(void) {
  char path[4096];
  const char* tmp = getenv("TMPDIR");
  snprintf(path, sizeof path, "%s/mount-%d", tmp != NULL ? tmp : "/tmp", getpid());
  if (mkdir(path, 0700) != 0) return kCannotTry;
  const int result = mount("none", path, "tmpfs", 0, NULL);
  const int error = errno;
  if (result == 0) umount(path);
  rmdir(path);
  errno = error;
  return judge(result, "mount");
}
