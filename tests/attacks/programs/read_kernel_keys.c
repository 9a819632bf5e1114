// Reads the keyring of its user, where sessions keep secrets.
#include <sys/syscall.h>

#include "attack.h"

int main(void) { return judge(syscall(SYS_keyctl, 0, -4, 1), "keyctl get the user keyring"); }
