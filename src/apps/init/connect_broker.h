// Answers connect() of a program whose network is the egress proxy: whatever address it asks for, its socket is
// connected to a socket of init's, and the other end goes to the proxy together with the address that was asked for.
//
// The program's own socket is connected (pidfd_getfd), so it stays what the program believes it is: TCP, its options,
// its place in an epoll set. Nothing is judged from the program's memory: what is read from there, the address, only
// tells the proxy what to ask policy about. The call itself is never let through.
#pragma once

#include "apps/init/caller.h"

namespace agentos::sandbox {

// Listens on 127.0.0.1 in the caller's network namespace: the program's, before it is confined and while it may bring
// up the loopback device. -1 with errno.
int open_meeting_socket();

class ConnectBroker {
 public:
  void send_to(int channel) { channel_ = channel; }    // SOCK_SEQPACKET to the proxy
  void meet_at(int listener) { meeting_ = listener; }  // of open_meeting_socket(); -1: every connect is refused
  // 0 or the errno that the program gets. May wait for what the program holds; EINTR when a signal ended that.
  int answer(const Caller& caller) const;

 private:
  int channel_ = -1;
  int meeting_ = -1;
};

}  // namespace agentos::sandbox
