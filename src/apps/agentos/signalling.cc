// One call each, and one line about what it led to.
#include "apps/agentos/signalling.h"

#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"

namespace agentos::cli {

Result<int> send_signal(const Globals& globals, const AgentOptions& options, const std::string& signal) {
  if (options.agent.empty()) {
    return fail(ErrorCode::kInvalidArgument, "which agent?", "agentos ps lists them; give an id or a name");
  }
  Reached reached = TRY(reach_kernel(globals, Start::kWhenAbsent));
  abi::SignalRequest request;
  request.target = options.agent;
  request.signal = signal;
  request.reason = options.reason;
  const abi::SignalReply reply = TRY(reached.client->call(request));
  if (globals.format == Format::kJson) {
    print_json(to_json(abi::row_of(abi::Call::kSignal).reply, reply));
  } else {
    print(printable(options.agent) + ": " + (reply.pending ? "pending" : printable(reply.effect)) + "\n");
  }
  return kExitOk;
}

Result<int> freeze_all(const Globals& globals, const FreezeOptions& options) {
  Reached reached = TRY(reach_kernel(globals, Start::kWhenAbsent));
  const abi::FreezeReply reply =
      TRY(reached.client->call(abi::FreezeRequest{.frozen = !options.thaw, .reason = options.reason}));
  if (globals.format == Format::kJson) {
    print_json(to_json(abi::row_of(abi::Call::kFreeze).reply, reply));
  } else {
    print(std::to_string(reply.agents) +
          (options.thaw ? " agents thawed\n" : " agents frozen; thaw: agentos cont --all\n"));
  }
  return kExitOk;
}

}  // namespace agentos::cli
