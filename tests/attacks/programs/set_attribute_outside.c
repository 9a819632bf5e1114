// Hangs an extended attribute on a file outside every grant. argv[1]: the file.
#include <sys/xattr.h>

#include "attack.h"

int main(int argc, char** argv) {
  return argc < 2 ? kCannotTry : judge(setxattr(argv[1], "user.attack", "x", 1, 0), "setxattr of a file outside");
}
