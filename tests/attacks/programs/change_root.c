// Makes its tmp the root, from where a second chroot and ".." lead out.
#include <stdlib.h>

#include "attack.h"

int main(void) {
  const char* tmp = getenv("TMPDIR");
  return judge(chroot(tmp != NULL ? tmp : "/tmp"), "chroot");
}
