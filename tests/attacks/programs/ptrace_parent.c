// Attaches to its parent, which inside is agentos-init.
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "attack.h"

int main(void) {
  const pid_t parent = getppid();
  if (ptrace(PTRACE_SEIZE, parent, NULL, NULL) != 0) return refused("ptrace");
  ptrace(PTRACE_INTERRUPT, parent, NULL, NULL);
  waitpid(parent, NULL, __WALL);
  ptrace(PTRACE_DETACH, parent, NULL, NULL);
  return succeeded("ptrace");
}
