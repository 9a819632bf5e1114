// agentos mcp wrap and agentos mcp serve: hand this program's standard streams to the kernel, which serves the client
// on them in front of the servers, and stay until that is over. When this program is killed, its connection closes and
// the servers end with it.
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

#include "apps/agentos/attendance.h"
#include "apps/agentos/mcp_http.h"
#include "apps/agentos/mcp_request_words.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "apps/agentos/stdio_relay.h"

extern char** environ;

namespace agentos::cli {
namespace {

// Until the kernel says it is over, or a signal does.
Result<int> stay(client::Client& client, const std::string& agent, int signals) {
  const client::Client::Ticket ticket = TRY(client.begin(abi::WaitRequest{.agent = agent, .timeout_ms = {}}));
  while (!client.ready(ticket)) {
    pollfd watched[2] = {{client.descriptor(), POLLIN, 0}, {signals, POLLIN, 0}};
    if (::poll(watched, 2, -1) < 0 && errno != EINTR) return fail_errno(errno, "cannot wait");
    if (watched[1].revents != 0) {
      signalfd_siginfo signal{};
      if (::read(signals, &signal, sizeof signal) != static_cast<ssize_t>(sizeof signal)) continue;
      const auto number = static_cast<int>(signal.ssi_signo);
      if (number == SIGTERM || number == SIGINT || number == SIGHUP) return 128 + number;
      continue;
    }
    TRY(client.pump(0));
  }
  return static_cast<int>(TRY(client.take<abi::WaitRequest>(ticket)).code);
}

Result<int> serve_client(const Globals& globals, const McpOpening& opening) {
  const io::Fd signals = TRY(take_signals());
  Reached reached = TRY(reach_kernel(globals, Start::kWhenAbsent));
  const std::unique_ptr<StdioRelay> relay = TRY(StdioRelay::open());
  client::CallExtras extras;
  const auto descriptors = relay->descriptors();
  extras.descriptors.assign(descriptors.begin(), descriptors.end());
  if (opening.variables.valid()) extras.descriptors.push_back(opening.variables.get());
  const abi::McpOpenReply reply = TRY(reached.client->call(opening.request, extras));
  relay->passed_on();
  if (globals.detail == Detail::kVerbose || ::isatty(STDERR_FILENO) == 1) {
    print_note(printable(opening.request.name) + " is served as " + printable(reply.agent) + " under policy " +
               printable(reply.policy));
  }
  return stay(*reached.client, reply.agent, signals.get());
}

}  // namespace

Result<int> verb_mcp_wrap(const Globals& globals, const McpWrapOptions& options) {
  return serve_client(globals, TRY(open_wrapped(options, environ)));
}

Result<int> verb_mcp_serve(const Globals& globals, const McpServeOptions& options) {
  McpOpening opening = TRY(open_served(options, environ));
  if (!options.http.empty()) return serve_http(globals, options, std::move(opening));
  return serve_client(globals, opening);
}

}  // namespace agentos::cli
