// Takes the processor away from its parent by priority, processors and scheduling.
#include <sched.h>
#include <sys/resource.h>

#include "attack.h"

int main(void) {
  struct sched_param parameter = {0};
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(0, &set);
  if (setpriority(PRIO_PROCESS, (id_t)getppid(), 19) == 0) return succeeded("setpriority of the parent");
  if (sched_setaffinity(getppid(), sizeof set, &set) == 0) return succeeded("sched_setaffinity of the parent");
  return judge(sched_setscheduler(getppid(), SCHED_IDLE, &parameter), "sched_setscheduler of the parent");
}
