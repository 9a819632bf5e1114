// Finding the kernel by the environment, and starting it from this very program.
#include "apps/agentos/reach.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>

#include "apps/agentos/report.h"
#include "client/place.h"

namespace agentos::cli {
namespace {

constexpr int kAttempts = 3;
constexpr const char* kIdleExit = "10m";  // of a kernel that a client started

}  // namespace

Result<std::string> socket_of(const Globals& globals) {
  if (!globals.socket.empty()) return absolute_path(globals.socket);
  return client::socket_path(client::process_environment());
}

std::string state_directory_of(const Globals& globals) {
  if (!globals.state_directory.empty()) {
    if (auto path = absolute_path(globals.state_directory)) return *path;
  }
  return client::state_directory(client::process_environment());
}

// A kernel that leaves because it is idle may hang up on a client that comes at that moment: that one starts the next.
static Result<Reached> reach(const Globals& globals, Start start, const std::vector<std::string>& words,
                             int attempts_left) {
  Reached reached;
  reached.socket = TRY(socket_of(globals));
  if (start == Start::kNever) {
    reached.client = TRY(client::Client::connect(reached.socket));
  } else {
    const std::string state = state_directory_of(globals);
    client::StartOptions options;
    options.socket = reached.socket;
    options.log_file = state + "/kernel.log";
    options.command = {TRY(own_program()), "serve", "--socket",    reached.socket,
                       "--state-dir",      state,   "--idle-exit", kIdleExit};
    options.command.insert(options.command.end(), words.begin(), words.end());
    options.note = print_note;
    reached.client = TRY(client::ensure_kernel(options));
  }
  auto hello = client::say_hello(*reached.client, "agentos", print_note);
  if (!hello && hello.error().code == ErrorCode::kClosed && start == Start::kWhenAbsent && attempts_left > 0) {
    return reach(globals, start, words, attempts_left - 1);
  }
  if (!hello) return std::unexpected(hello.error());
  reached.hello = std::move(*hello);
  return reached;
}

Result<Reached> reach_kernel(const Globals& globals, Start start, const std::vector<std::string>& words) {
  return reach(globals, start, words, kAttempts);
}

std::vector<std::string> record_words(const RecordOptions& options) {
  std::vector<std::string> words;
  if (options.content) words.emplace_back("--record-content");
  if (!options.disk_max.empty()) words.insert(words.end(), {"--log-disk-max", options.disk_max});
  if (!options.segment.empty()) words.insert(words.end(), {"--log-segment", options.segment});
  if (!options.keep.empty()) words.insert(words.end(), {"--log-keep", options.keep});
  return words;
}

Result<std::string> log_directory_of(const Globals& globals, const std::string& given) {
  if (!given.empty()) return absolute_path(given);
  if (globals.state_directory.empty()) {
    if (auto reached = reach_kernel(globals, Start::kNever)) {
      const std::string_view log = reached->hello.paths.string_or("log", "");
      if (!log.empty()) return std::string(log);
    }
  }
  return state_directory_of(globals) + "/log";
}

Result<std::string> own_program() {
  std::array<char, PATH_MAX> path;
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size <= 0) return fail_errno(errno, "cannot find this program's own file");
  return std::string(path.data(), static_cast<std::size_t>(size));
}

namespace {

// The program of ours that `variable` names, or else beside this one or in libexec.
Result<std::string> find_program(const std::string& name, const char* variable) {
  const std::string given = client::process_environment()(variable);
  if (!given.empty()) {
    if (::access(given.c_str(), X_OK) == 0) return absolute_path(given);
    return fail(ErrorCode::kNotFound, std::string(variable) + " names " + given + ", which cannot be executed",
                "unset " + std::string(variable) + ", or name the program " + name);
  }
  const std::string program = TRY(own_program());
  const std::string folder = program.substr(0, program.rfind('/'));
  for (const std::string& candidate : {folder + "/" + name, folder + "/../libexec/agentos/" + name}) {
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return fail(ErrorCode::kNotFound,
              "the program " + name + " is neither beside " + program + " nor in ../libexec/agentos",
              "reinstall, or set " + std::string(variable) + " to it");
}

}  // namespace

Result<std::string> find_init_program() { return find_program("agentos-init", "AGENTOS_INIT"); }
Result<std::string> find_egress_program() { return find_program("agentos-egress", "AGENTOS_EGRESS"); }
Result<std::string> find_signer_program() { return find_program("agentos-signer", "AGENTOS_SIGNER"); }
Result<std::string> find_parser_program() { return find_program("agentos-parser", "AGENTOS_PARSER"); }

Result<std::string> absolute_path(const std::string& path) {
  if (path.starts_with('/')) return path;
  std::array<char, PATH_MAX> current;
  if (::getcwd(current.data(), current.size()) == nullptr)
    return fail_errno(errno, "cannot name the current directory");
  return std::string(current.data()) + "/" + path;
}

}  // namespace agentos::cli
