// Calls with the x32 bit set, which a filter by plain numbers misses. Kernels without x32 refuse it by themselves.
#include <sys/syscall.h>

#include "attack.h"

int main(void) {
#ifdef __x86_64__
  return judge(syscall(0x40000000 | SYS_getpid), "x32 getpid");
#else
  return kCannotTry;
#endif
}
