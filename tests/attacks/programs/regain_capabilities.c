// Runs a program as user 0, which without securebits would have every capability again, and asks for one.
#include <linux/capability.h>
#include <sys/syscall.h>

#include "attack.h"

int main(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct sets[2] = {{0, 0, 0}, {0, 0, 0}};
  if (syscall(SYS_capget, &header, sets) != 0) return kCannotTry;
  if (sets[0].effective != 0 || sets[0].permitted != 0) return succeeded("capabilities are held");
  sets[0].effective = sets[0].permitted = 1U << CAP_DAC_OVERRIDE;
  return judge(syscall(SYS_capset, &header, sets), "capset");
}
