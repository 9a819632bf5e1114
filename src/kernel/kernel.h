// The kernel: the reference monitor every effect goes through. LIFE_OF_A_CALL.md names the files of each step.
//
// open() gives a running kernel or an error; every door and every host program holds it as abi::KernelApi. In-process
// agents are contexts of the host program: governed and recorded like any other, but trusted (they cannot be killed or
// confined), and everything that lists agents says so. Thread-safe. Destroying the kernel shuts it down; do
// not keep one in a static, whose end comes after that of the buffers its calls keep per thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "abi/kernel_api.h"
#include "base/clock.h"
#include "base/random.h"
#include "kernel/recorded_content.h"
#include "lib/egress/secret_store.h"
#include "lib/egress/settings.h"
#include "lib/policy/bundle/bundle.h"
#include "lib/policy/policy.h"
#include "lib/recorder/recorder.h"
#include "lib/sandbox/launcher.h"
#include "lib/tool/registry.h"
#include "lib/vfs/namespace.h"

namespace agentos::kernel {

enum class KernelState : std::uint8_t { kBooting, kRunning, kDegraded, kPanic, kShutdown };
std::string_view name_of(KernelState state);

// Dangerous: with it every call that rights allow is allowed. Recorded at boot.
struct AllowEverything {};

// How agents reach hosts: agentos-egress, started when an agent with a network first starts. An empty program: none
// can.
struct EgressOptions {
  std::string program;
  egress::Settings settings;
  std::shared_ptr<const egress::SecretStore> secrets;  // null: none
};

struct KernelOptions {
  std::string state_directory;         // 0700; the log lives in its `log` folder
  std::string socket;                  // only told to clients (hello)
  std::vector<policy::Source> policy;  // governs every agent; an agent's own documents can only tighten it
  // Who may sign `policy`. With any, documents of the kernel come in bundles signed by one of them, or are built in.
  std::vector<policy::TrustedKey> policy_keys;
  std::optional<AllowEverything> permissive;
  recorder::Options recorder;  // directory is set from state_directory
  RecordedContent content = RecordedContent::kPreview;
  sandbox::Launcher* launcher = nullptr;  // null: no processes (spawn and fork with a command are unsupported)
  Clock* clock = nullptr;                 // null: the real ones
  Random* random = nullptr;
  std::int64_t grace_ms = 5'000;                               // from SIGTERM to the kill
  std::int64_t ask_timeout_ms = 60'000;                        // for rules that name none
  std::function<void(const abi::ApprovalEntry&)> on_approval;  // a call came to wait for a person; must not block
  std::int64_t agents_max = 20'000;                            // alive at once
  vfs::Limits files;                                           // of each agent's namespace
  std::int64_t family_bytes_max = 256 << 20;                   // files, pipes and mailboxes of an agent and its kin
  // The program agentos-parser, which reads SQL for policy in a confined process of its own: started when a rule first
  // asks, kept, and started anew after a crash or a missed deadline. Empty: a rule that asks for SQL denies.
  std::string sql_parser;
  EgressOptions egress;
  std::int64_t sql_deadline_ms = 50;           // of one text; a text not read in time denies
  std::int64_t sql_start_deadline_ms = 2'000;  // until the program has confined itself
};

struct AgentOptions {
  std::string name = "agent";
  std::string id;                     // empty: minted; else must be free (kAlreadyExists)
  std::optional<abi::Rights> rights;  // default: its ring's
  abi::Budget budget;
  std::vector<policy::Source> policy;  // beside the kernel's own
  std::vector<std::string> labels;
};

class Kernel : public abi::KernelApi {
 public:
  static Result<std::unique_ptr<Kernel>> open(KernelOptions options);

  // An in-process agent. The context ends when the agent exits or its last session is gone.
  virtual Result<std::shared_ptr<abi::Session>> create_agent(AgentOptions options) = 0;
  // An operator of the host program itself (trusted; no peer to check).
  virtual std::shared_ptr<abi::Session> local_operator() = 0;

  virtual tool::Registry& tools() = 0;
  virtual tool::HostExecutors& host_executors() = 0;
  virtual KernelState state() const = 0;
  virtual std::size_t agents_alive() const = 0;
  // State panic: everything is refused from now on, the log is flushed. `reason` is recorded.
  virtual void panic(std::string_view reason) = 0;
  // SIGTERM to all, grace, kill, state shutdown, log closed. Idempotent; blocks until done.
  virtual void shutdown(std::string_view reason) = 0;
  // Called once, from a thread of the kernel, when shutdown was asked for by an operator's call.
  virtual void on_shutdown_requested(std::function<void(std::string reason)> requested) = 0;
};

}  // namespace agentos::kernel
