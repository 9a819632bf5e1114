// Leaves a program behind that runs as its maker for everybody: by open, by mkdir, by chmod, and by a temporary file.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "attack.h"

static int has_bits(const char* path) {
  struct stat status;
  return stat(path, &status) == 0 && (status.st_mode & 06000) != 0;
}

int main(void) {
  char path[4096];
  const char* tmp = getenv("TMPDIR");
  snprintf(path, sizeof path, "%s/set-id-%d", tmp != NULL ? tmp : "/tmp", getpid());
  umask(0);
  int fd = open(path, O_CREAT | O_WRONLY, 06755);
  int got = has_bits(path);
  if (fd >= 0) close(fd);
  unlink(path);
  fd = open(path, O_CREAT | O_WRONLY, 0755);
  if (fd < 0) return kCannotTry;
  got |= chmod(path, 04755) == 0 && has_bits(path);
  got |= fchmod(fd, 02755) == 0 && has_bits(path);
  unlink(path);
  got |= mkdir(path, 06755) == 0 && has_bits(path);
  rmdir(path);
  errno = EPERM;
  return got ? succeeded("make a set-user-id file") : refused("make a set-user-id file");
}
