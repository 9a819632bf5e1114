// Talks to the machine that runs this virtual one.
#include <sys/socket.h>

#include "attack.h"

int main(void) {
  const int fd = socket(AF_VSOCK, SOCK_STREAM, 0);
  return fd < 0 && errno == EAFNOSUPPORT ? kCannotTry : judge(fd, "vsock socket");
}
