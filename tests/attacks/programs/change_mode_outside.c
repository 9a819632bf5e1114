// Makes a file outside every grant readable for everybody. argv[1]: the file.
#include <sys/stat.h>

#include "attack.h"

int main(int argc, char** argv) {
  return argc < 2 ? kCannotTry : judge(chmod(argv[1], 0644), "chmod of a file outside");
}
