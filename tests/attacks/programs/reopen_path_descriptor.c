// Opens a file with O_PATH, which needs no right, and reopens it through /proc/self/fd. argv[1]: the file.
#include <fcntl.h>

#include "attack.h"

int main(int argc, char** argv) {
  char path[64];
  if (argc < 2) return kCannotTry;
  const int fd = open(argv[1], O_PATH);
  if (fd < 0) return refused("open with O_PATH");
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return judge(open(path, O_RDONLY), "reopen an O_PATH descriptor");
}
