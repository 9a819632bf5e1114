// Makes one file larger than the profile's limit (a hole, so that it stays harmless outside).
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>

#include "attack.h"

int main(void) {
  char path[4096];
  const char* tmp = getenv("TMPDIR");
  snprintf(path, sizeof path, "%s/large-%d", tmp != NULL ? tmp : "/tmp", getpid());
  signal(SIGXFSZ, SIG_IGN);
  const int fd = open(path, O_CREAT | O_WRONLY, 0600);
  if (fd < 0) return kCannotTry;
  const int result = ftruncate(fd, 5LL << 30);
  const int error = errno;
  unlink(path);
  errno = error;
  return judge(result, "a file of 5 GiB");
}
