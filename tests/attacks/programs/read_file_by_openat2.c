// Opens a file outside every grant by openat2, whose arguments lie in memory. argv[1]: the file.
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include "attack.h"

int main(int argc, char** argv) {
  struct open_how how = {.flags = O_RDONLY};
  return argc < 2 ? kCannotTry : judge(syscall(437, AT_FDCWD, argv[1], &how, sizeof how), "openat2");
}
