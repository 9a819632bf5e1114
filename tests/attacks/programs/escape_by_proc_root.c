// Reads a file outside every grant through /proc/self/root and a path with dots. argv[1]: the file.
#include <fcntl.h>

#include "attack.h"

int main(int argc, char** argv) {
  char path[4096];
  if (argc < 2) return kCannotTry;
  snprintf(path, sizeof path, "/proc/self/root%s", argv[1]);
  if (open(path, O_RDONLY) >= 0) return succeeded("open by /proc/self/root");
  snprintf(path, sizeof path, "/usr/../%s", argv[1]);
  return judge(open(path, O_RDONLY), "open by dots");
}
