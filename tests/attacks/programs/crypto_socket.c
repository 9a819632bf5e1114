// Uses rare families of sockets, where most holes of the running kernel were: crypto, key, Bluetooth, XDP, TIPC.
#include <sys/socket.h>

#include "attack.h"

int main(void) {
  const int families[] = {AF_ALG, AF_KEY, AF_BLUETOOTH, 44, AF_TIPC, AF_CAN, AF_RDS, AF_QIPCRTR};
  for (unsigned i = 0; i < sizeof families / sizeof families[0]; ++i) {
    for (int type = SOCK_STREAM; type <= SOCK_SEQPACKET; ++type) {
      if (socket(families[i], type, 0) >= 0) return succeeded("a socket of a rare family");
    }
  }
  return refused("sockets of rare families");
}
