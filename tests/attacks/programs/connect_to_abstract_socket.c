// Connects to a Unix socket that has a name but no path, as D-Bus and X11 have. argv[3]: its name.
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "attack.h"

int main(int argc, char** argv) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (argc < 4) return kCannotTry;
  const int size = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "%s", argv[3]);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) return refused("socket");
  const socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)size);
  return judge(connect(fd, (struct sockaddr*)&address, length), "connect to an abstract socket");
}
