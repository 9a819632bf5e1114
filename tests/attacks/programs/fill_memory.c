// Takes address space until it is refused; more than 3 GiB is success. Touches none of it, so it stays harmless
// outside.
#include <sys/mman.h>

#include "attack.h"

int main(void) {
  for (int i = 0; i < 48; ++i) {
    void* memory = mmap(NULL, 64UL << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return refused("3 GiB of memory");
  }
  return succeeded("3 GiB of memory");
}
