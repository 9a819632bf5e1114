// Learns about kernel objects of its parent (kcmp).
#include <sys/syscall.h>

#include "attack.h"

int main(void) { return judge(syscall(SYS_kcmp, getpid(), getppid(), 0, 0, 0), "kcmp"); }
