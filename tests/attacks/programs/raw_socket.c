// Makes packets by itself, past every rule about ports.
#include <netinet/in.h>
#include <sys/socket.h>

#include "attack.h"

int main(void) {
  if (socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0) return succeeded("raw socket");
  if (socket(AF_PACKET, SOCK_RAW, 0) >= 0) return succeeded("packet socket");
  return judge(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP), "ping socket");
}
