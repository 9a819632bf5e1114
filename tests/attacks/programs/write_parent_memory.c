// Writes into its parent.
#include <sys/uio.h>

#include "attack.h"

int main(void) {
  char byte = 0;
  struct iovec local = {&byte, 1};
  struct iovec remote = {(void*)0x1000, 1};
  if (process_vm_writev(getppid(), &local, 1, &remote, 1, 0) >= 0 || errno == EFAULT) {
    return succeeded("process_vm_writev was permitted");
  }
  return refused("process_vm_writev");
}
