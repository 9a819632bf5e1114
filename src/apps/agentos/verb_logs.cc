// agentos logs: what an agent printed that runs without a terminal or pipe of ours. A terminal gets it without what
// could drive it; a file or pipe gets every octet.
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

class Copy {
 public:
  explicit Copy(int file) : file_(file), is_for_terminal_(screen_of(STDOUT_FILENO).is_terminal) {}

  // What the file has from where it stands; false at its end.
  Result<bool> some() {
    std::array<char, kReadBytes> buffer;
    const ssize_t size = ::read(file_, buffer.data(), buffer.size());
    if (size < 0) return fail_errno(errno, "cannot read the agent's output");
    const std::string_view octets(buffer.data(), static_cast<std::size_t>(size));
    if (!is_for_terminal_) {
      print(octets);
      return size > 0;
    }
    waiting_ += octets;
    const std::size_t whole = size == 0 ? waiting_.size() : without_begun_character(waiting_);
    print(printable_lines(std::string_view(waiting_).substr(0, whole)));
    waiting_.erase(0, whole);
    return size > 0;
  }

 private:
  // Octets before a last character whose rest may come with the next ones.
  static std::size_t without_begun_character(std::string_view text) {
    constexpr std::size_t kCharacterBytesMax = 4;
    for (std::size_t back = 1; back < kCharacterBytesMax && back <= text.size(); ++back) {
      const auto octet = static_cast<unsigned char>(text[text.size() - back]);
      if (octet < 0x80) break;
      if (octet >= 0xC0) return text.size() - back;
    }
    return text.size();
  }

  const int file_;
  const bool is_for_terminal_;
  std::string waiting_;
};

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
  Copy copy(file.get());
  for (;;) {
    while (TRY(copy.some())) {
    }
    if (!options.follow) return kExitOk;
    const abi::AgentEntry entry = TRY(entry_of(*reached.client, std::string(reply.agent.string_or("agent", ""))));
    if (entry.state == "ended") break;
    std::this_thread::sleep_for(kOutputStep);
  }
  while (TRY(copy.some())) {
  }
  return kExitOk;
}

}  // namespace agentos::cli
