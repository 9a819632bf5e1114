// Reads the memory of its parent by process_vm_readv and by /proc.
#include <fcntl.h>
#include <sys/uio.h>

#include "attack.h"

int main(void) {
  char byte;
  char path[64];
  struct iovec local = {&byte, 1};
  struct iovec remote = {(void*)0x400000, 1};
  if (process_vm_readv(getppid(), &local, 1, &remote, 1, 0) >= 0) return succeeded("process_vm_readv");
  if (errno == EFAULT) return succeeded("process_vm_readv was permitted");
  snprintf(path, sizeof path, "/proc/%d/mem", getppid());
  return judge(open(path, O_RDONLY), "open the memory of the parent");
}
