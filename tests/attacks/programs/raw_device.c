// Makes a device node for the first disk's memory, or opens a terminal of somebody else.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "attack.h"

int main(void) {
  char path[4096];
  const char* tmp = getenv("TMPDIR");
  snprintf(path, sizeof path, "%s/device-%d", tmp != NULL ? tmp : "/tmp", getpid());
  const int result = mknod(path, S_IFCHR | 0600, makedev(1, 1));
  if (result == 0) unlink(path);
  return judge(result, "make a device node");
}
