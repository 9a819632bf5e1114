// Gives a file outside every grant to itself again, which changes its times and drops set-id bits. argv[1]: the file.
#include "attack.h"

int main(int argc, char** argv) {
  return argc < 2 ? kCannotTry : judge(chown(argv[1], getuid(), (gid_t)-1), "chown of a file outside");
}
