// Would signal its parent (signal 0 asks whether it may), and everything it can reach.
#include <signal.h>

#include "attack.h"

int main(void) { return judge(kill(getppid(), 0), "signal the parent"); }
