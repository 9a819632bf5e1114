// Connects to a Unix socket that has a path, as Docker, D-Bus and ssh-agent have. argv[3]: the socket.
#include <sys/socket.h>
#include <sys/un.h>

#include "attack.h"

int main(int argc, char** argv) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (argc < 4) return kCannotTry;
  snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[3]);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) return refused("socket");
  return judge(connect(fd, (struct sockaddr*)&address, sizeof address), "connect to a path socket");
}
