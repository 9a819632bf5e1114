// Opens a file with O_PATH, which needs no right, and reopens it through /proc/self/fd. argv[1]: the file.
#include <fcntl.h>

#include "attack.h"

int main(int argc, char** argv) {
  char path[64];
  const int fd = argc < 2 ? -1 : open(argv[1], O_PATH);
  if (fd < 0) return kCannotTry;
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return judge(open(path, O_RDONLY), "reopen an O_PATH descriptor");
}
