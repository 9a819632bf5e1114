// Reads a file outside every grant by a symbolic link made inside the private tmp. argv[1]: the file.
#include <fcntl.h>
#include <stdlib.h>

#include "attack.h"

int main(int argc, char** argv) {
  char link_path[4096];
  const char* tmp = getenv("TMPDIR");
  snprintf(link_path, sizeof link_path, "%s/link-%d", tmp != NULL ? tmp : "/tmp", getpid());
  if (argc < 2 || symlink(argv[1], link_path) != 0) return kCannotTry;
  const int fd = open(link_path, O_RDONLY);
  const int error = errno;
  unlink(link_path);
  errno = error;
  return judge(fd, "open by symbolic link");
}
