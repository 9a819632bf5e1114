// Waits for connections, as a back door does.
#include <netinet/in.h>
#include <sys/socket.h>

#include "attack.h"

int main(void) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return refused("socket");
  if (bind(fd, (struct sockaddr*)&address, sizeof address) != 0) return refused("bind");
  return judge(listen(fd, 1), "listen");
}
