// Renames a file outside every grant, also with an exchange for one of its own. argv[1]: the file.
#include <fcntl.h>
#include <stdlib.h>

#include "attack.h"

int main(int argc, char** argv) {
  char target[4096], own[4096];
  const char* tmp = getenv("TMPDIR");
  if (argc < 2 || tmp == NULL) return kCannotTry;
  snprintf(target, sizeof target, "%s.moved", argv[1]);
  snprintf(own, sizeof own, "%s/own", tmp);
  close(open(own, O_CREAT | O_WRONLY, 0600));
  if (renameat2(AT_FDCWD, own, AT_FDCWD, argv[1], 2) == 0) return succeeded("exchange with a file outside");
  return judge(rename(argv[1], target), "rename a file outside");
}
