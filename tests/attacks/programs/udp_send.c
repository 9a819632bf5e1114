// Sends a datagram, as a program would that leaks by DNS.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "attack.h"

int main(void) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_port = htons(53);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0) return refused("socket");
  return judge(sendto(fd, "x", 1, 0, (struct sockaddr*)&address, sizeof address), "send by UDP");
}
