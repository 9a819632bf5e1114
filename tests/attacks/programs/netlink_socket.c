// Asks the running kernel for routes and neighbours.
#include <sys/socket.h>

#include "attack.h"

int main(void) { return judge(socket(AF_NETLINK, SOCK_RAW, 0), "netlink socket"); }
