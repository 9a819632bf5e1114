// agentos inspect: everything the kernel knows of one agent.
#include "apps/agentos/outline.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"

namespace agentos::cli {

Result<int> verb_inspect(const Globals& globals, const AgentOptions& options) {
  Reached reached = TRY(reach_kernel(globals, Start::kWhenAbsent));
  const abi::InspectReply reply = TRY(reached.client->call(abi::InspectRequest{.agent = options.agent}));
  if (globals.format == Format::kJson) {
    print_json(reply.agent);
  } else {
    print(outline(reply.agent));
  }
  return kExitOk;
}

}  // namespace agentos::cli
