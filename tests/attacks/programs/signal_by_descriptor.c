// Signals its parent by a descriptor of the process, and by its thread.
#include <signal.h>
#include <sys/syscall.h>

#include "attack.h"

int main(void) {
  const pid_t parent = getppid();
  const int number = parent == 1 ? SIGKILL : 0;  // the first process of a namespace may be asked, but must not die
  const int fd = (int)syscall(SYS_pidfd_open, parent, 0);
  const int sent = fd >= 0 && syscall(SYS_pidfd_send_signal, fd, number, NULL, 0) == 0;
  const int told = syscall(SYS_tgkill, parent, parent, number) == 0;
  if ((sent || told) && parent != 1) return succeeded("signal the parent by descriptor or thread");
  usleep(50000);  // its end would be ours
  errno = EPERM;
  return refused("signal the parent by descriptor and thread");
}
