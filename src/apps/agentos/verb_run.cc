// agentos run: any program as a governed agent, behaving in pipes, files and terminals as it would without.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <memory>

#include "apps/agentos/attendance.h"
#include "apps/agentos/learning_report.h"
#include "apps/agentos/quantities.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "apps/agentos/spawn_request.h"
#include "apps/agentos/terminal.h"
#include "apps/agentos/workspace_run.h"
#include "base/clock.h"
#include "client/place.h"

extern char** environ;

namespace agentos::cli {
namespace {

// What the agent gets as 0, 1 and 2, and what is needed to relay a terminal.
struct Standard {
  std::array<int, 3> descriptors = {0, 1, 2};
  io::Fd nothing;  // stands in for one of ours that is closed
  io::Fd theirs;
  std::unique_ptr<Relay> relay;
  std::unique_ptr<RawTerminal> raw;
  int window = -1;
  bool controlling = false;  // the agent's 0 is the pty, so it can be its controlling terminal
};

Result<Standard> prepare_standard() {
  Standard standard;
  std::array<bool, 3> terminal{};
  for (int i = 0; i < 3; ++i) {
    if (::fcntl(i, F_GETFD) < 0) {
      if (!standard.nothing.valid()) standard.nothing = io::Fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
      standard.descriptors[static_cast<std::size_t>(i)] = standard.nothing.get();
    } else if (::isatty(i) == 1) {
      terminal[static_cast<std::size_t>(i)] = true;
      if (standard.window < 0 || i == 1) standard.window = i;
    }
  }
  if (standard.window < 0) return standard;
  Pty pty = TRY(open_pty(standard.window));
  standard.theirs = std::move(pty.theirs);
  for (std::size_t i = 0; i < 3; ++i) {
    if (terminal[i]) standard.descriptors[i] = standard.theirs.get();
  }
  standard.controlling = terminal[0];
  standard.relay = std::make_unique<Relay>(std::move(pty.ours), terminal[0] ? 0 : -1,
                                           terminal[1]   ? 1
                                           : terminal[2] ? 2
                                                         : 0);
  if (terminal[0]) standard.raw = std::make_unique<RawTerminal>(0);
  return standard;
}

constexpr int kShutdownSecondsMax = 30;

// A kernel of its own for one run: state beside the usual one, a socket beside the usual one.
Result<Globals> private_place(const Globals& globals) {
  Globals own = globals;
  const std::string stamp = std::to_string(RealClock().wall_us() / 1'000'000) + "-" + std::to_string(::getpid());
  own.state_directory = state_directory_of(globals) + "/private/" + stamp;
  const std::string socket = TRY(socket_of(globals));
  own.socket = socket.substr(0, socket.rfind('/')) + "/private-" + stamp + ".sock";
  TRY(client::own_directory(own.state_directory));
  return own;
}

void announce(const Globals& globals, const abi::SpawnReply& reply) {
  if (globals.detail != Detail::kVerbose && ::isatty(2) != 1) return;
  const std::string text = "agentos: " + printable(reply.agent) + " runs under policy " + printable(reply.policy) +
                           " and profile " + printable(reply.profile) + "\n";
  [[maybe_unused]] const ssize_t written = ::write(2, text.data(), text.size());
}

Result<recorder::Index> end_of_log(client::Client& client) {
  const abi::MetricsReply reply = TRY(client.call(abi::MetricsRequest{}));
  const json::Value* log = reply.metrics.find("log");
  return static_cast<recorder::Index>(log != nullptr ? log->int_or("entries", 0) : 0);
}

int report_detached(const Globals& globals, const abi::SpawnReply& reply) {
  if (globals.format == Format::kJson) {
    print_json(to_json(abi::row_of(abi::Call::kSpawn).reply, reply));
  } else {
    print(printable(reply.agent) + "\n");
    if (::isatty(2) == 1) print_note("its output: agentos logs " + reply.agent);
  }
  return kExitOk;
}

// Spawning failed: the error is printed here, because its exit code is that of env and its like.
int report_failed_start(const Error& error, const abi::SpawnRequest& request) {
  print_error(error);
  return exit_code_of_start(error, request.command[0], client::process_environment()("PATH"));
}

Result<int> run_in_front(const Globals& globals, const RunOptions& options, Reached& reached, abi::SpawnRequest request,
                         int signals) {
  Standard standard = TRY(prepare_standard());
  request.terminal = standard.controlling;
  recorder::Index log_end = 0;
  if (options.timeline || !options.learn.empty()) log_end = TRY(end_of_log(*reached.client));
  const Present present = options.learn.empty() ? Present{} : TRY(present_documents(request));
  if (options.trace || !options.learn.empty()) TRY(add_trace(request));
  client::CallExtras extras;
  extras.descriptors.assign(standard.descriptors.begin(), standard.descriptors.end());
  auto spawned = reached.client->call(request, extras);
  if (!spawned) return report_failed_start(spawned.error(), request);
  standard.theirs.reset();
  announce(globals, *spawned);
  std::unique_ptr<LiveTimeline> timeline;
  if (options.timeline) {
    timeline =
        std::make_unique<LiveTimeline>(std::string(reached.hello.paths.string_or("log", "")), log_end, spawned->agent);
  }
  if (standard.raw) TRY(standard.raw->enter());
  auto ended = attend({.client = *reached.client,
                       .agent = spawned->agent,
                       .pid = standard.controlling ? static_cast<int>(spawned->pid) : 0,
                       .signals = signals,
                       .relay = standard.relay.get(),
                       .raw = standard.raw.get(),
                       .window = standard.window,
                       .timeline = timeline.get()});
  if (standard.raw) standard.raw->leave();
  if (!ended) return std::unexpected(ended.error());
  if (ended->cause != "exit" && ended->cause != "crash" && ended->cause != "terminated") {
    print_note(ended->agent + " was ended: " + ended->cause);
  }
  if (!options.learn.empty()) {
    const auto exists = [](const std::string& path) { return ::access(path.c_str(), F_OK) == 0; };
    const LearningPlace place{spawned->agent, request.working_directory, client::process_environment()("HOME"), exists};
    TRY(write_proposal(options.learn, std::string(reached.hello.paths.string_or("log", "")), log_end, place, present));
  }
  return static_cast<int>(ended->code);
}

}  // namespace

Result<int> verb_run(const Globals& globals, const RunOptions& options) {
  if (!options.workspace_name.empty() && options.workspace.empty()) {
    return fail(ErrorCode::kInvalidArgument, "--workspace-name is for --workspace DIR", "agentos run --help");
  }
  abi::SpawnRequest request = TRY(spawn_request(options, environ));
  const io::Fd signals = TRY(take_signals());
  const Globals place = options.own_kernel ? TRY(private_place(globals)) : globals;
  const std::vector<std::string> words = record_words(options.record);
  if (!options.own_kernel && !words.empty()) {
    return fail(ErrorCode::kInvalidArgument, words[0] + " is for a kernel of its own",
                "add --private, or start the kernel with it: agentos serve " + words[0]);
  }
  Reached reached = TRY(reach_kernel(place, Start::kWhenAbsent, words));
  // Held while the agent runs in front, so that no verb works on it meanwhile.
  std::optional<EnteredWorkspace> workspace;
  if (!options.workspace.empty()) workspace = TRY(enter_workspace(globals, options, request));
  if (options.detach) {
    if (options.trace) TRY(add_trace(request));
    auto spawned = reached.client->call(request);
    const int code = spawned ? report_detached(globals, *spawned) : report_failed_start(spawned.error(), request);
    if (workspace) leave_workspace(globals, std::move(*workspace), code);
    return code;
  }
  auto code = run_in_front(globals, options, reached, request, signals.get());
  if (options.own_kernel) {
    (void)reached.client->call(abi::ShutdownRequest{.reason = "the private run has ended"});
    for (int second = 0; second < kShutdownSecondsMax && reached.client->pump(1000); ++second) {
    }  // until it has hung up: its log is whole then
    for (const char* lock : {".lock", ".start"}) ::unlink((place.socket + lock).c_str());
    print_note("the private kernel's state and log are in " + place.state_directory);
  }
  if (workspace && code) leave_workspace(globals, std::move(*workspace), *code);
  return code;
}

}  // namespace agentos::cli
