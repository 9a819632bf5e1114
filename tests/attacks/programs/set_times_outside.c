// Sets the times of a file outside every grant, by every call that can. argv[1]: the file.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <utime.h>

#include "attack.h"

int main(int argc, char** argv) {
  if (argc < 2) return kCannotTry;
  if (utimensat(AT_FDCWD, argv[1], NULL, 0) == 0) return succeeded("utimensat");
  if (utimes(argv[1], NULL) == 0) return succeeded("utimes");
  return judge(utime(argv[1], NULL), "utime of a file outside");
}
