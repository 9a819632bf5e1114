// Changes the mode of a program it may only read and execute, by descriptor. argv[1] is not used.
#include <fcntl.h>
#include <sys/stat.h>

#include "attack.h"

int main(void) {
  struct stat status;
  const int fd = open("/bin/true", O_RDONLY);
  if (fd < 0 || fstat(fd, &status) != 0) return kCannotTry;
  return judge(fchmod(fd, status.st_mode & 07777), "fchmod of /bin/true");
}
