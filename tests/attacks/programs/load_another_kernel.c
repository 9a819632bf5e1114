// Asks for another kernel at the next start of the machine, and for a module in this one.
#include <sys/syscall.h>

#include "attack.h"

int main(void) {
  // Nonsense on purpose: who may do it at all is told what is wrong with it.
  if (syscall(SYS_kexec_load, 0, 17, NULL, 0) == 0 || errno == EINVAL) return succeeded("kexec_load was permitted");
  const int error = errno;
  if (syscall(SYS_init_module, NULL, 0, "") == 0 || errno == ENOEXEC || errno == EFAULT) {
    return succeeded("init_module was permitted");
  }
  errno = error;
  return refused("kexec_load and init_module");
}
