// Reads the environment of its parent.
#include <fcntl.h>

#include "attack.h"

int main(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/environ", getppid());
  return judge(open(path, O_RDONLY), "open the environment of the parent");
}
