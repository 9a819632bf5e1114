// Makes processes until it cannot; more than 700 is success. They all wait, so that it stays harmless outside.
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "attack.h"

enum { kMany = 700 };

int main(void) {
  static pid_t children[kMany];
  int made = 0;
  while (made < kMany && (children[made] = fork()) >= 0) {
    if (children[made] == 0) {
      pause();
      _exit(0);
    }
    ++made;
  }
  const int error = errno;
  for (int i = 0; i < made; ++i) {
    kill(children[i], SIGKILL);
    waitpid(children[i], NULL, 0);
  }
  errno = error;
  return judge(made < kMany ? -1 : 0, "fork 700 times");
}
