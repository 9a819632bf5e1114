// Sockets a program may not have, so that its attempts are seen with their addresses.
//
// Who asks for a socket of an ordinary kind (TCP, UDP, Unix) gets a stand-in that is no socket at all but an eventfd,
// so there is nothing to send with. What a program then names in connect(), bind() or sendto() is asked of init, which
// refuses it and notes the address. Odd kinds (raw, netlink, packet, multipath TCP, ...) are refused at once.
#pragma once

#include "apps/init/blocked_calls.h"

namespace agentos::sandbox {

// socket(): gives the caller a stand-in and answers by itself (true), or refuses (false: the caller gets EACCES).
bool give_stand_in(int listener, const seccomp_notif& notification, const Caller& caller, BlockedCalls& blocked);

// connect(), bind(), sendto() with an address: notes what was asked for. The caller is refused in every case.
void note_address(const Caller& caller, BlockedCalls& blocked);

}  // namespace agentos::sandbox
