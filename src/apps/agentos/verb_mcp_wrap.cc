// agentos mcp wrap: hands this program's standard streams to the kernel, which serves the client on them in front of the
// server, and stays until that is over. When this program is killed, its connection closes and the server ends with it.
#include <poll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstdlib>

#include "apps/agentos/attendance.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "apps/agentos/spawn_request.h"
#include "apps/agentos/stdio_relay.h"
#include "base/crypto/hash.h"

extern char** environ;

namespace agentos::cli {
namespace {

constexpr std::size_t kNameMax = 48;

// A name from the command, the same for the same command and no other: the last word that looks like a program or a
// package, and a few digits of what all words say.
std::string name_of_command(const std::vector<std::string>& command) {
  std::string words;
  std::string base = command[0];
  for (const std::string& word : command) {
    json::write_string(word, words);
    if (word.find("mcp") != std::string::npos || word.find("server") != std::string::npos) base = word;
  }
  base = base.substr(base.rfind('/') + 1);
  std::string name;
  for (const char c : base) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.') name += c;
  }
  if (name.empty()) name = "server";
  return name.substr(0, kNameMax) + "-" + crypto::hex(crypto::sha256(words)).substr(0, 6);
}

Result<std::vector<std::string>> absolute_paths(const std::vector<std::string>& paths) {
  std::vector<std::string> out;
  for (const std::string& path : paths) out.push_back(TRY(absolute_path(path)));
  return out;
}

// Values that may be secrets: they go in a file of their own, so that no record of the request holds them.
Result<io::Fd> passed_variables(const std::string& server, const std::vector<std::string>& names) {
  json::Object values;
  for (const std::string& name : names) {
    const char* value = ::getenv(name.c_str());
    if (value == nullptr) return fail(ErrorCode::kNotFound, "the variable " + name + " is not set", "set it, or leave out --env");
    if (!json::valid_utf8(value)) return fail(ErrorCode::kInvalidArgument, "the variable " + name + " is not UTF-8");
    values[name] = value;
  }
  json::Object by_server;
  by_server[server] = std::move(values);
  const std::string text = json::write(json::Value(std::move(by_server)));
  io::Fd file(::memfd_create("variables", MFD_CLOEXEC));
  if (!file.valid()) return fail_errno(errno, "cannot pass variables on");
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return fail_errno(errno, "cannot pass variables on");
  }
  return file;
}

Result<abi::McpOpenRequest> open_request(const McpWrapOptions& options) {
  if (options.command.empty()) {
    return fail(ErrorCode::kInvalidArgument, "there is no server to wrap", "agentos mcp wrap -- PROGRAM ARGUMENTS...");
  }
  for (const std::string& word : options.command) {
    if (!json::valid_utf8(word)) return fail(ErrorCode::kInvalidArgument, "an argument of the server is not UTF-8");
  }
  abi::McpOpenRequest request;
  abi::McpServerSpec server;
  server.command = options.command;
  server.name = options.name.empty() ? name_of_command(options.command) : options.name;
  server.working_directory = TRY(absolute_path("."));
  ProfileWord profile = TRY(profile_word(options.profile, "mcp-server"));
  server.profile_preset = std::move(profile.preset);
  server.profile = std::move(profile.document);
  const std::vector<std::string> profile_allows = std::move(profile.environment_allow);
  server.environment = offered_environment(environ, profile_allows);
  server.environment_pass = options.environment;
  server.read_paths = TRY(absolute_paths(options.read_paths));
  server.write_paths = TRY(absolute_paths(options.write_paths));
  request.name = server.name;
  request.policy = TRY(policy_documents(options.policies));
  request.drift = options.drift;
  request.servers.push_back(std::move(server));
  return request;
}

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

}  // namespace

Result<int> verb_mcp_wrap(const Globals& globals, const McpWrapOptions& options) {
  const abi::McpOpenRequest request = TRY(open_request(options));
  const io::Fd signals = TRY(take_signals());
  Reached reached = TRY(reach_kernel(globals, Start::kWhenAbsent));
  const std::unique_ptr<StdioRelay> relay = TRY(StdioRelay::open());
  client::CallExtras extras;
  const auto descriptors = relay->descriptors();
  extras.descriptors.assign(descriptors.begin(), descriptors.end());
  io::Fd passed;
  if (!options.environment.empty()) {
    passed = TRY(passed_variables(request.servers[0].name, options.environment));
    extras.descriptors.push_back(passed.get());
  }
  const abi::McpOpenReply reply = TRY(reached.client->call(request, extras));
  relay->passed_on();
  if (globals.detail == Detail::kVerbose || ::isatty(STDERR_FILENO) == 1) {
    print_note(printable(request.name) + " is served as " + printable(reply.agent) + " under policy " +
               printable(reply.policy));
  }
  return stay(*reached.client, reply.agent, signals.get());
}

}  // namespace agentos::cli
