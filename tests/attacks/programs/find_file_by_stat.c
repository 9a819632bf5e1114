// Learns size and time of a file outside every grant. argv[1]: the file.
#include <sys/stat.h>

#include "attack.h"

int main(int argc, char** argv) {
  struct stat status;
  return argc < 2 ? kCannotTry : judge(stat(argv[1], &status), "stat of a file outside");
}
