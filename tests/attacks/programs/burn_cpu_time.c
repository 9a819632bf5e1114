// Computes for longer than the profile's processor time, a second: ten are success. Linux charges the limit by the tick
// and what it reports exactly, so that on a busy host it strikes late.
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "attack.h"

static void told(int number) {
  (void)number;
  _exit(kRefused);
}

int main(void) {
  struct rusage used;
  struct rlimit limit;
  signal(SIGXCPU, told);
  // The soft limit may be raised up to the hard one, and no further.
  if (getrlimit(RLIMIT_CPU, &limit) == 0 && limit.rlim_max != RLIM_INFINITY) limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_CPU, &limit);
  do {
    getrusage(RUSAGE_SELF, &used);
  } while (used.ru_utime.tv_sec + used.ru_stime.tv_sec < 10);
  return succeeded("ten seconds of processor time");
}
