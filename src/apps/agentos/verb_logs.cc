// agentos logs: what an agent printed that runs without a terminal or pipe of ours.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <thread>

#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"

namespace agentos::cli {
namespace {

constexpr auto kOutputStep = std::chrono::milliseconds(150);
constexpr std::size_t kReadBytes = 64 * 1024;

Result<abi::AgentEntry> entry_of(client::Client& client, const std::string& agent) {
  const abi::PsReply reply = TRY(client.call(abi::PsRequest{.all = true}));
  for (const abi::AgentEntry& entry : reply.agents) {
    if (entry.agent == agent || entry.name == agent) return entry;
  }
  return fail(abi::error::no_such_agent, "there is no agent " + agent, "agentos ps --all lists them");
}

// Copies what the file has from where it stands; false at its end.
Result<bool> copy_some(int file) {
  std::array<char, kReadBytes> buffer;
  const ssize_t size = ::read(file, buffer.data(), buffer.size());
  if (size < 0) return fail_errno(errno, "cannot read the agent's output");
  if (size > 0) print({buffer.data(), static_cast<std::size_t>(size)});
  return size > 0;
}

}  // namespace

Result<int> verb_logs(const Globals& globals, const LogsOptions& options) {
  Reached reached = TRY(reach_kernel(globals, Start::kWhenAbsent));
  const abi::InspectReply reply = TRY(reached.client->call(abi::InspectRequest{.agent = options.agent}));
  const std::string path(reply.agent.string_or("output", ""));
  const io::Fd file(path.empty() ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) {
    return fail(ErrorCode::kNotFound,
                options.agent + " writes to the terminal or pipe it was started with, not to a file",
                "start it with --detach to have its output kept");
  }
  for (;;) {
    while (TRY(copy_some(file.get()))) {
    }
    if (!options.follow) return kExitOk;
    const abi::AgentEntry entry = TRY(entry_of(*reached.client, std::string(reply.agent.string_or("agent", ""))));
    if (entry.state == "ended") break;
    std::this_thread::sleep_for(kOutputStep);
  }
  while (TRY(copy_some(file.get()))) {
  }
  return kExitOk;
}

}  // namespace agentos::cli
