// Types into the terminal it was started on (TIOCSTI), also with high bits that hide the request. Descriptor 0 is a
// pty.
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "attack.h"

int main(void) {
  const char letter = 'x';
  if (!isatty(0)) return kCannotTry;
  if (ioctl(0, TIOCSTI, &letter) == 0) return succeeded("TIOCSTI");
  return judge(syscall(SYS_ioctl, 0, 0x100000000UL | TIOCSTI, &letter), "TIOCSTI with high bits");
}
