// Sends a datagram by IPv6, connected and not, and by UDP-Lite.
#include <netinet/in.h>
#include <sys/socket.h>

#include "attack.h"

int main(void) {
  struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  address.sin6_port = htons(53);
  const int lite = socket(AF_INET, SOCK_DGRAM, 136);
  if (lite >= 0) return succeeded("UDP-Lite socket");
  const int fd = socket(AF_INET6, SOCK_DGRAM, 0);
  if (fd < 0) return errno == EAFNOSUPPORT ? kCannotTry : refused("socket");
  return judge(sendto(fd, "x", 1, 0, (struct sockaddr*)&address, sizeof address), "send by UDP over IPv6");
}
