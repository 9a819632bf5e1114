// Takes off the mark by which its tree is known.
#include <sys/resource.h>

#include "attack.h"

int main(void) {
  const struct rlimit limit = {1000000, 1000000};
  return judge(setrlimit(RLIMIT_RTTIME, &limit), "change RLIMIT_RTTIME");
}
