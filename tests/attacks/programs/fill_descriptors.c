// Opens descriptors until it is refused; 5,000 are success.
#include <fcntl.h>
#include <sys/resource.h>

#include "attack.h"

int main(void) {
  const struct rlimit many = {5100, 5100};
  setrlimit(RLIMIT_NOFILE, &many);
  for (int i = 0; i < 5000; ++i) {
    if (open("/dev/null", O_RDONLY) < 0) return refused("5,000 descriptors");
  }
  return succeeded("5,000 descriptors");
}
