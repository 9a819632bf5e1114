// Starting agentos-egress with nothing but its control socket.
#pragma once

#include <string>

#include "base/error.h"
#include "base/io/fd.h"

namespace agentos::kernel {

struct EgressProcess {
  int pid = -1;
  io::Fd socket;  // SOCK_SEQPACKET
};
Result<EgressProcess> start_egress(const std::string& program);
// Kills and waits for it.
void end_egress(int pid);

}  // namespace agentos::kernel
