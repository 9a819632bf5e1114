// agentos kill: ends one agent's whole process tree now.
#include "apps/agentos/signalling.h"

namespace agentos::cli {

Result<int> verb_kill(const Globals& globals, const AgentOptions& options) {
  return send_signal(globals, options, "SIGKILL");
}

}  // namespace agentos::cli
