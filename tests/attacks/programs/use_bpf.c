// Loads a program into the running kernel.
#include <linux/bpf.h>
#include <sys/syscall.h>

#include "attack.h"

int main(void) {
  union bpf_attr attribute;
  memset(&attribute, 0, sizeof attribute);
  attribute.map_type = BPF_MAP_TYPE_ARRAY;
  attribute.key_size = attribute.value_size = 4;
  attribute.max_entries = 1;
  return judge(syscall(SYS_bpf, BPF_MAP_CREATE, &attribute, sizeof attribute), "bpf");
}
