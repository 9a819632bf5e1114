// Starts its children without address randomization, and as if on another machine.
#include <sys/personality.h>

#include "attack.h"

int main(void) { return judge(personality(0x0040000), "personality without randomization"); }
