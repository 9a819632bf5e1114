// Enters the namespaces of the first process.
#include <fcntl.h>
#include <sched.h>

#include "attack.h"

int main(void) {
  const int fd = open("/proc/1/ns/mnt", O_RDONLY);
  if (fd < 0) return refused("open /proc/1/ns/mnt");
  return judge(setns(fd, 0), "setns");
}
