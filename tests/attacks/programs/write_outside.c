// Creates a file in a folder outside every grant. argv[1]: a file in that folder.
#include <fcntl.h>

#include "attack.h"

int main(int argc, char** argv) {
  char path[4096];
  if (argc < 2) return kCannotTry;
  snprintf(path, sizeof path, "%s.written", argv[1]);
  const int fd = open(path, O_WRONLY | O_CREAT, 0600);
  if (fd >= 0) unlink(path);
  return judge(fd, "create a file outside");
}
