// Leaves a process behind: two forks, a session of its own, every signal ignored. It holds a lock that the test asks
// for afterwards, in argv[1].lock or, where that may not be made, in the private tmp.
#include <signal.h>
#include <stdlib.h>

#include "attack.h"

int main(void) {
  if (fork() != 0) return kRefused;  // the test looks whether anything is left
  setsid();
  if (fork() != 0) _exit(0);
  for (int number = 1; number < 64; ++number) signal(number, SIG_IGN);
  alarm(0);
  for (int i = 0; i < 200; ++i) usleep(100000);  // twenty seconds: not for ever outside
  _exit(0);
}
