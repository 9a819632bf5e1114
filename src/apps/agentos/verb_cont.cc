// agentos cont: lets a stopped agent go on; with --all it thaws everything.
#include "apps/agentos/signalling.h"

namespace agentos::cli {

Result<int> verb_cont(const Globals& globals, const AgentOptions& options) {
  if (options.all) return freeze_all(globals, {.all = true, .thaw = true, .reason = options.reason});
  return send_signal(globals, options, "SIGCONT");
}

}  // namespace agentos::cli
