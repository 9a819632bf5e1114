// Measures the processor, also what others do on it.
#include <linux/perf_event.h>
#include <sys/syscall.h>

#include "attack.h"

int main(void) {
  struct perf_event_attr attribute;
  memset(&attribute, 0, sizeof attribute);
  attribute.size = sizeof attribute;
  attribute.type = PERF_TYPE_SOFTWARE;
  attribute.exclude_kernel = 1;
  return judge(syscall(SYS_perf_event_open, &attribute, 0, -1, -1, 0), "perf_event_open");
}
