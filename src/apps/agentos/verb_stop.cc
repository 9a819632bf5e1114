// agentos stop: freezes one agent: its processes stand still and none of its calls is served.
#include "apps/agentos/signalling.h"

namespace agentos::cli {

Result<int> verb_stop(const Globals& globals, const AgentOptions& options) {
  return send_signal(globals, options, "SIGSTOP");
}

}  // namespace agentos::cli
