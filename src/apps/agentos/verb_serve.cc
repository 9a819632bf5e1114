// agentos serve: the kernel itself, until it is told to stop or has been idle long enough.
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>

#include "apps/agentos/approval_notifier.h"
#include "apps/agentos/documents.h"
#include "apps/agentos/egress_options.h"
#include "apps/agentos/quantities.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "apps/agentos/secrets_file.h"
#include "base/io/file.h"
#include "client/place.h"
#include "kernel/kernel.h"
#include "lib/sandbox/launcher.h"
#include "server/mcp_door/agent_speaker.h"
#include "server/mcp_door/mcp_door.h"
#include "server/unix_door/unix_door.h"

namespace agentos::cli {
namespace {

constexpr int kIdleStepMs = 250;
constexpr std::int64_t kLogSegmentBytesMin = 64 << 10, kLogSegmentBytesMax = 1 << 30;
constexpr int kStopSignals[] = {SIGTERM, SIGINT, SIGHUP};

sigset_t stop_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : kStopSignals) ::sigaddset(&set, signal);
  return set;
}

Result<recorder::Mode> parse_mode(const std::string& word) {
  for (const recorder::Mode mode : {recorder::Mode::kEffects, recorder::Mode::kAlways, recorder::Mode::kInterval}) {
    if (recorder::name_of(mode) == word) return mode;
  }
  return fail(ErrorCode::kInvalidArgument, "there is no recorder mode \"" + word + "\"", "effects, always or interval");
}

Status take_record_options(const RecordOptions& options, kernel::KernelOptions& out) {
  if (options.content) {
    out.content = kernel::RecordedContent::kFull;
    out.recorder.content = recorder::Content::kWhole;
    print_note("arguments and results are recorded in full, secrets in them too");
  }
  if (!options.segment.empty()) {
    const std::int64_t bytes = TRY(parse_size_bytes(options.segment));
    if (bytes < kLogSegmentBytesMin || bytes > kLogSegmentBytesMax)
      return fail(ErrorCode::kInvalidArgument, "--log-segment " + options.segment + " is out of range", "64K to 1G");
    out.recorder.segment_bytes = static_cast<std::size_t>(bytes);
  }
  if (!options.disk_max.empty()) {
    out.recorder.disk_bytes_max = static_cast<std::uint64_t>(TRY(parse_size_bytes(options.disk_max)));
    if (out.recorder.disk_bytes_max < 2 * out.recorder.segment_bytes) {
      return fail(ErrorCode::kInvalidArgument, "--log-disk-max is less than two segments of the log",
                  "at least " + show_size_bytes(static_cast<std::int64_t>(2 * out.recorder.segment_bytes)) +
                      ", or smaller segments: --log-segment");
    }
  }
  if (!options.keep.empty()) out.recorder.keep_us = TRY(parse_duration_ms(options.keep)) * 1000;
  return {};
}

// What `agentos secret` keeps; empty when it keeps nothing.
std::string kept_secrets(const Globals& globals) {
  std::string file = secrets_file(globals);
  return ::access(file.c_str(), F_OK) == 0 ? file : std::string();
}

Result<kernel::KernelOptions> kernel_options(const Globals& globals, const ServeOptions& options,
                                             sandbox::Launcher& launcher) {
  kernel::KernelOptions out;
  out.state_directory = state_directory_of(globals);
  TRY(client::own_directory(out.state_directory));
  out.socket = TRY(socket_of(globals));
  for (const std::string& name : options.policies) {
    if (const std::string_view text = policy::preset(name); !text.empty()) {
      out.policy.push_back({std::string(text), name});
      continue;
    }
    abi::Document document = TRY(read_document(name));  // a bundle is a document here; the kernel opens it
    out.policy.push_back({std::move(document.text), std::move(document.file)});
  }
  for (const std::string& file : options.policy_keys) out.policy_keys.push_back(TRY(read_policy_key(file)));
  if (options.permissive) {
    out.permissive.emplace();
    print_note("PERMISSIVE: every call that rights allow is allowed, whatever policy says; the record says so");
  }
  out.recorder.mode = TRY(parse_mode(options.mode));
  out.recorder.signer_program = TRY(find_signer_program());
  TRY(take_record_options(options.record, out));
  out.launcher = &launcher;
  // Without it rules about SQL deny, which is no reason not to serve; `agentos doctor` tells.
  if (auto parser = find_parser_program()) out.sql_parser = *parser;
  out.egress = TRY(egress_options(options.secrets.empty() ? kept_secrets(globals) : options.secrets));
  return out;
}

Status register_tools(kernel::Kernel& kernel, const std::string& folder) {
  const std::string directory = TRY(absolute_path(folder));
  const std::shared_ptr<abi::Session> session = kernel.local_operator();
  for (const std::string& name : TRY(io::list_directory(directory))) {
    if (!name.ends_with(".yaml") && !name.ends_with(".yml") && !name.ends_with(".json")) continue;
    abi::ToolRegisterRequest request;
    request.manifest = TRY(read_document(directory + "/" + name));
    TRY(session->call(request));
  }
  return {};
}

// Every connection and region costs a descriptor: take as many as the host lets us.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

struct StopRequest {
  std::mutex mutex;
  std::string reason;  // guarded by mutex
  std::atomic<bool> made{false};
};

// Blocks until there is a reason to stop, and says which.
std::string wait_for_the_end(const kernel::Kernel& kernel, const unix_door::UnixDoor& door, StopRequest& stop,
                             std::int64_t idle_exit_ms) {
  const sigset_t set = stop_signals();
  const RealClock clock;
  std::int64_t busy_ns = clock.monotonic_ns();
  for (;;) {
    const timespec step{.tv_sec = 0, .tv_nsec = kIdleStepMs * 1'000'000};
    const int signal = ::sigtimedwait(&set, nullptr, &step);
    if (stop.made.load()) {
      const std::lock_guard lock(stop.mutex);
      return stop.reason.empty() ? "asked by an operator" : stop.reason;
    }
    if (signal > 0) return std::string("signal: ") + ::strsignal(signal);
    const std::int64_t now_ns = clock.monotonic_ns();
    if (door.connections() > 0 || kernel.agents_alive() > 0) busy_ns = now_ns;
    if (idle_exit_ms > 0 && now_ns - busy_ns > idle_exit_ms * 1'000'000) return "idle";
  }
}

Result<int> serve_in_background(const Globals& globals, const ServeOptions& options) {
  client::StartOptions start;
  start.socket = TRY(socket_of(globals));
  const std::string state = state_directory_of(globals);
  start.log_file = state + "/kernel.log";
  start.command = {TRY(own_program()), "serve", "--socket", start.socket, "--state-dir", state, "--mode", options.mode};
  for (const std::string& name : options.policies) {
    start.command.insert(start.command.end(),
                         {"--policy", policy::preset(name).empty() ? TRY(absolute_path(name)) : name});
  }
  for (const std::string& file : options.policy_keys) {
    start.command.insert(start.command.end(), {"--policy-key", TRY(absolute_path(file))});
  }
  if (!options.tools_directory.empty())
    start.command.insert(start.command.end(), {"--tools", TRY(absolute_path(options.tools_directory))});
  if (!options.secrets.empty())
    start.command.insert(start.command.end(), {"--secrets", TRY(absolute_path(options.secrets))});
  if (!options.notify.empty()) start.command.insert(start.command.end(), {"--notify", options.notify});
  if (!options.idle_exit.empty()) start.command.insert(start.command.end(), {"--idle-exit", options.idle_exit});
  if (options.permissive) start.command.emplace_back("--permissive");
  const std::vector<std::string> record = record_words(options.record);
  start.command.insert(start.command.end(), record.begin(), record.end());
  start.note = print_note;
  if (client::Client::connect(start.socket)) {
    return fail(ErrorCode::kBusy, "a kernel is serving at " + start.socket + " already", "agentos ps talks to it");
  }
  TRY(client::ensure_kernel(start));
  print("serving at " + printable(start.socket) + ", log in " + printable(start.log_file) + "\n");
  return kExitOk;
}

// Asks the running kernel to stop in order and waits until it has hung up.
Result<int> stop_serving(const Globals& globals) {
  Reached reached = TRY(reach_kernel(globals, Start::kNever));
  TRY(reached.client->call(abi::ShutdownRequest{.reason = "agentos serve --stop"}));
  while (reached.client->pump(client::kNoTimeout)) {
  }
  print("stopped " + printable(reached.socket) + "\n");
  return kExitOk;
}

}  // namespace

Result<int> verb_serve(const Globals& globals, const ServeOptions& options) {
  if (options.stop) return stop_serving(globals);
  if (options.background) return serve_in_background(globals, options);
  const std::int64_t idle_exit_ms = options.idle_exit.empty() ? 0 : TRY(parse_duration_ms(options.idle_exit));
  raise_descriptor_limit();
  const sigset_t set = stop_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);  // before the first thread: all of them inherit it
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // a limit on files is then an error of the write, which the recorder reports
  const std::unique_ptr<sandbox::Launcher> launcher = TRY(sandbox::make_launcher(TRY(find_init_program())));
  kernel::KernelOptions wanted = TRY(kernel_options(globals, options, *launcher));
  const std::string socket = wanted.socket;
  std::unique_ptr<ApprovalNotifier> notifier;  // outlives the kernel
  if (!options.notify.empty()) {
    notifier = TRY(ApprovalNotifier::start(options.notify));
    wanted.on_approval = [&told = *notifier](const abi::ApprovalEntry& entry) { told.tell(entry); };
  }
  StopRequest stop;
  const std::unique_ptr<kernel::Kernel> kernel = TRY(kernel::Kernel::open(std::move(wanted)));
  kernel->on_shutdown_requested([&stop](std::string reason) {
    const std::lock_guard lock(stop.mutex);
    stop.reason = std::move(reason);
    stop.made.store(true);
    ::kill(::getpid(), SIGTERM);  // wakes the wait
  });
  if (!options.tools_directory.empty()) TRY(register_tools(*kernel, options.tools_directory));
  const std::unique_ptr<unix_door::UnixDoor> door =
      TRY(unix_door::UnixDoor::open({.socket = socket, .speakers = mcp_door::AgentSpeaker::of}, *kernel));
  const RealClock clock;
  const std::unique_ptr<mcp_door::McpDoor> clients = TRY(mcp_door::McpDoor::open(*kernel, clock));
  print("serving at " + printable(socket) + "\n");
  const std::string reason = wait_for_the_end(*kernel, *door, stop, idle_exit_ms);
  print("stopping: " + printable(reason) + "\n");
  clients->shutdown();
  kernel->shutdown(reason);
  door->shutdown();
  return kExitOk;
}

}  // namespace agentos::cli
