// Makes a datagram pair and sends from it to a path socket, which needs no connect. argv[3]: the socket.
#include <sys/socket.h>
#include <sys/un.h>

#include "attack.h"

int main(int argc, char** argv) {
  int ends[2];
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (argc < 4) return kCannotTry;
  snprintf(address.sun_path, sizeof address.sun_path, "%s.datagram", argv[3]);
  if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) != 0) return refused("socketpair");
  return judge(sendto(ends[0], "x", 1, 0, (struct sockaddr*)&address, sizeof address), "send to a path socket");
}
