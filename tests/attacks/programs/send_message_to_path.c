// Sends by sendmsg, whose address lies in memory where no filter looks, from every kind of pair. argv[3]: the socket.
#include <sys/socket.h>
#include <sys/un.h>

#include "attack.h"

int main(int argc, char** argv) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  struct iovec text = {"x", 1};
  struct msghdr message = {.msg_name = &address, .msg_namelen = sizeof address, .msg_iov = &text, .msg_iovlen = 1};
  const int types[] = {SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM};
  if (argc < 4) return kCannotTry;
  snprintf(address.sun_path, sizeof address.sun_path, "%s.datagram", argv[3]);
  for (int i = 0; i < 3; ++i) {
    int ends[2];
    if (socketpair(AF_UNIX, types[i], 0, ends) != 0) continue;
    char back = 0;
    // A connected pair ignores the address: what comes out at its other end has reached nobody else.
    if (sendmsg(ends[0], &message, 0) == 1 && recv(ends[1], &back, 1, MSG_DONTWAIT) != 1) {
      return succeeded("sendmsg to a path");
    }
  }
  return refused("sendmsg to a path");
}
