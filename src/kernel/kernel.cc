// Opening, stopping and the two ways in; everything else is the monitor's.
#include "kernel/kernel.h"

#include <unistd.h>

#include <condition_variable>

#include "base/io/process.h"
#include "kernel/monitor.h"
#include "kernel/session.h"

namespace agentos::kernel {
namespace {

constexpr int kAncestorsMax = 64;
constexpr std::int64_t kPollMs = 5;

class RunningKernel final : public Kernel {
 public:
  explicit RunningKernel(const KernelOptions& options)
      : monitor_(options, options.clock != nullptr ? *options.clock : own_clock_,
                 options.random != nullptr ? *options.random : own_random_) {}

  ~RunningKernel() override { shutdown("the kernel was closed"); }

  Status boot() {
    recorder::Options log = monitor_.options.recorder;
    log.directory = monitor_.options.state_directory + "/log";
    monitor_.recorder = TRY(recorder::Recorder::open(std::move(log), monitor_.clock, monitor_.random));
    // First the tools, so that policies about them are checked against their schemas.
    TRY(tool::add_builtin_tools(monitor_.tools, monitor_.host_executors));
    std::vector<PolicyBundles::Taken> bundles;
    if (!monitor_.options.policy.empty()) bundles = TRY(monitor_.load_policy(monitor_.options.policy));
    json::Object detail;
    detail["abi"] = abi::kAbiRevision;
    detail["content"] = monitor_.options.content == RecordedContent::kFull ? "full" : "preview";
    detail["disk_bytes_max"] = monitor_.options.recorder.disk_bytes_max;
    detail["keep_ms"] = monitor_.options.recorder.keep_us / 1000;
    detail["mode"] = recorder::name_of(monitor_.recorder->mode());
    detail["permissive"] = monitor_.options.permissive.has_value();
    detail["pid"] = static_cast<std::int64_t>(getpid());
    if (!bundles.empty()) detail["bundles"] = PolicyBundles::to_json(bundles);
    detail["policy_epoch"] = static_cast<std::int64_t>(monitor_.policy.epoch());
    if (const std::int64_t us = monitor_.recorder->stats().recovery_us; us >= 0) detail["recovery_us"] = us;
    detail["segment_bytes"] = static_cast<std::uint64_t>(monitor_.options.recorder.segment_bytes);
    detail["version"] = AGENTOS_VERSION;
    TRY(monitor_.record_event("boot", nullptr, detail));
    monitor_.state = KernelState::kRunning;
    return {};
  }

  Result<std::shared_ptr<abi::Session>> create_agent(AgentOptions options) override {
    Error why;
    if (!monitor_.gate_open(why)) return std::unexpected(why);
    AgentSpec spec;
    spec.id = std::move(options.id);
    spec.name = std::move(options.name);
    spec.kind = AgentKind::kInProcess;
    spec.rights = options.rights.value_or(abi::default_rights(3));
    spec.budget = options.budget;
    spec.labels = std::move(options.labels);
    if (!options.policy.empty()) {
      spec.sources = std::make_shared<std::vector<policy::Source>>(std::move(options.policy));
    }
    auto agent = TRY(monitor_.make_agent(std::move(spec)));
    monitor_.begin_running(*agent, {});
    return monitor_.open_session(agent);
  }

  std::shared_ptr<abi::Session> local_operator() override { return make_operator_session(monitor_, getuid()); }

  Result<std::shared_ptr<abi::Session>> open_operator(const abi::Peer& peer) override {
    std::string cause;
    if (peer.uid != getuid()) {
      cause = "uid " + std::to_string(peer.uid) + " is not the kernel's";
    } else if (!outside_every_tree(peer.pid)) {
      cause = "the process runs inside an agent";
    }
    if (cause.empty()) return make_operator_session(monitor_, peer.uid);
    json::Object detail;
    detail["cause"] = cause;
    detail["pid"] = peer.pid;
    detail["uid"] = static_cast<std::int64_t>(peer.uid);
    (void)monitor_.record_event("operator_refused", nullptr, detail);
    return fail(abi::error::unauthenticated, "this connection may not act as operator: " + cause);
  }

  void set_adopter(abi::ConnectionAdopter* adopter) override { monitor_.adopter = adopter; }
  void set_mcp_adopter(abi::McpAdopter* adopter) override { monitor_.mcp_adopter = adopter; }
  tool::Registry& tools() override { return monitor_.tools; }
  tool::HostExecutors& host_executors() override { return monitor_.host_executors; }
  KernelState state() const override {
    const KernelState state = monitor_.state.load();
    return state == KernelState::kRunning && !monitor_.recorder->health() ? KernelState::kDegraded : state;
  }
  std::size_t agents_alive() const override { return monitor_.agents.alive_count(); }

  void on_shutdown_requested(std::function<void(std::string)> requested) override {
    monitor_.shutdown_requested = std::move(requested);
  }

  void panic(std::string_view reason) override {
    KernelState expected = KernelState::kRunning;
    monitor_.panic_reason = json::to_valid_utf8(reason);
    if (!monitor_.state.compare_exchange_strong(expected, KernelState::kPanic)) return;
    monitor_.metrics.kernel_panics.fetch_add(1);
    json::Object detail;
    detail["reason"] = monitor_.panic_reason;
    (void)monitor_.record_event("panic", nullptr, detail);
    const std::uint64_t entries = monitor_.recorder->stats().entries;
    if (entries > 0) (void)monitor_.recorder->wait_durable(entries - 1);
  }

  void shutdown(std::string_view reason) override {
    std::lock_guard once(shutdown_mutex_);
    if (monitor_.recorder == nullptr || monitor_.state == KernelState::kShutdown) return;
    for (const auto& agent : monitor_.agents.alive()) {
      (void)monitor_.send_signal("kernel", agent, abi::signal_info(abi::Signal::kSIGTERM), reason);
      // It is part of the program that stops the kernel, which has no more to flush than it did before it asked.
      if (agent->kind == AgentKind::kInProcess) monitor_.end_agent(agent, "terminated", 143);
    }
    wait_for_agents(monitor_.options.grace_ms);
    for (const auto& agent : monitor_.agents.alive()) monitor_.end_agent(agent, "killed", 137);
    wait_for_agents(monitor_.options.grace_ms);
    monitor_.mcp.end();
    json::Object detail;
    detail["reason"] = json::to_valid_utf8(reason);
    (void)monitor_.record_event("shutdown", nullptr, detail);
    monitor_.state = KernelState::kShutdown;
    (void)monitor_.recorder->close();
  }

 private:
  void wait_for_agents(std::int64_t timeout_ms) {
    for (std::int64_t waited = 0; waited < timeout_ms && monitor_.agents.alive_count() > 0; waited += kPollMs) {
      usleep(kPollMs * 1000);
    }
  }

  // Every process of an agent descends from the launcher's agentos-init, which is a child of this process.
  static bool outside_every_tree(std::int32_t pid) {
    const std::int32_t own = getpid();
    if (pid == own) return true;
    for (int depth = 0; pid > 1; ++depth) {
      if (depth == kAncestorsMax) return false;
      auto parent = io::read_process_parent(pid);
      if (!parent || *parent == own) return false;
      pid = static_cast<std::int32_t>(*parent);
    }
    return pid == 1 || pid == 0;
  }

  RealClock own_clock_;
  SystemRandom own_random_;
  std::mutex shutdown_mutex_;
  Monitor monitor_;
};

}  // namespace

Result<std::unique_ptr<Kernel>> Kernel::open(KernelOptions options) {
  auto kernel = std::make_unique<RunningKernel>(options);
  TRY(kernel->boot());
  return kernel;
}

}  // namespace agentos::kernel
