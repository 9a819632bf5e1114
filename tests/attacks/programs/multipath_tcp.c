// Connects by multipath TCP, which Landlock's TCP rules do not know. argv[2]: the port.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "attack.h"

int main(int argc, char** argv) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  if (argc < 3) return kCannotTry;
  address.sin_port = htons((unsigned short)atoi(argv[2]));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM, 262);
  if (fd < 0) return errno == EPROTONOSUPPORT ? kCannotTry : refused("multipath socket");
  return judge(connect(fd, (struct sockaddr*)&address, sizeof address), "connect by multipath TCP");
}
