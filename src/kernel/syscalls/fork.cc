// fork: a child agent with at most the caller's rights, budget and profile; with a command, in a process of its own.
#include <fcntl.h>

#include <algorithm>

#include "kernel/syscalls/handlers.h"
#include "lib/sandbox/profile_narrowed.h"

namespace agentos::kernel::syscalls {
namespace {

Result<abi::Rights> rights_of(const abi::ForkRequest& request, const Agent& parent) {
  if (!request.rights) return parent.rights;
  abi::Rights rights = 0;
  for (const std::string& name : *request.rights) {
    const abi::RightInfo* info = abi::find_right(name);
    if (info == nullptr) return fail(abi::error::invalid_argument, "there is no right \"" + name + "\"");
    if ((parent.rights & info->bit) == 0) {
      return fail(abi::error::not_permitted, "the caller does not hold the right \"" + name + "\" and cannot give it");
    }
    rights |= info->bit;
  }
  return rights;
}

// The child's bounds cannot exceed what is left to its parent now.
Status check_budget(const abi::Budget& budget, const Quota& parent) {
  const std::pair<std::optional<std::int64_t>, Quota::Resource> wanted[] = {{budget.calls, Quota::kCalls},
                                                                            {budget.bytes, Quota::kBytes},
                                                                            {budget.tokens, Quota::kTokens},
                                                                            {budget.money_micros, Quota::kMoney}};
  for (const auto& [amount, resource] : wanted) {
    if (amount && *amount > parent.available(resource)) {
      return fail(abi::error::quota_exceeded, "the child's budget is larger than what is left to its parent");
    }
  }
  return {};
}

// Only ends of pipes go to a child: open files belong to the parent's namespace.
Status pass_handles(const abi::ForkRequest& request, Agent& parent, Agent& child) {
  std::scoped_lock lock(parent.mutex, child.mutex);
  for (std::int64_t number : request.handles) {
    const Handle* handle = parent.find_handle(number);
    if (handle == nullptr) return fail(abi::error::bad_handle, "handle " + std::to_string(number) + " is not open");
    Handle copy{.what = {}, .path = handle->path};
    if (auto* read = std::get_if<std::shared_ptr<ipc::ReadEnd>>(&handle->what)) {
      copy.what = std::make_shared<ipc::ReadEnd>(**read);
    } else if (auto* write = std::get_if<std::shared_ptr<ipc::WriteEnd>>(&handle->what)) {
      copy.what = std::make_shared<ipc::WriteEnd>(**write);
    } else {
      return fail(abi::error::bad_handle,
                  "handle " + std::to_string(number) + " is a file; a child has its own namespace",
                  "pass pipes, or share memory");
    }
    if (child.handles.size() <= static_cast<std::size_t>(number))
      child.handles.resize(static_cast<std::size_t>(number) + 1);
    child.handles[static_cast<std::size_t>(number)] = std::move(copy);
  }
  return {};
}

io::Fd duplicate(const io::Fd& from, int flags) {
  return io::Fd(from.valid() ? fcntl(from.get(), F_DUPFD_CLOEXEC, 0) : open("/dev/null", flags | O_CLOEXEC));
}

Result<sandbox::LaunchRequest> launch_request(const abi::ForkRequest& request, Agent& parent, Agent& child) {
  if (parent.launch == nullptr) {
    return fail(abi::error::unsupported, "an agent without a process of its own cannot start one by fork",
                "an operator starts processes: agentos run");
  }
  sandbox::LaunchRequest launch;
  launch.command = request.command;
  launch.working_directory = parent.launch->working_directory;
  launch.environment = parent.launch->environment;
  launch.profile = parent.launch->profile;
  if (request.profile && *request.profile != launch.profile.name) {
    if (*request.profile != "tool") {
      return fail(abi::error::not_permitted, "a child runs under its parent's profile or under \"tool\"");
    }
    launch.profile = sandbox::narrowed(launch.profile, TRY(sandbox::preset_profile("tool")));
  }
  if (request.environment) {
    for (const auto& [name, value] : request.environment->as_object()) {
      if (!value.is_string() || name.empty() || name.find('=') != std::string::npos || name.starts_with("LD_")) {
        return fail(abi::error::invalid_argument,
                    "field \"environment\" must map names to text; LD_* names are refused");
      }
      launch.environment_set.emplace_back(name, value.as_string());
    }
  }
  launch.environment_set.emplace_back("AGENTOS_SOCKET_FD", "3");
  launch.environment_set.emplace_back("AGENTOS_AGENT", child.id);
  std::lock_guard lock(parent.mutex);
  launch.stdin_fd = io::Fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
  launch.stdout_fd = duplicate(parent.launch->output, O_WRONLY);
  launch.stderr_fd = duplicate(parent.launch->error_output, O_WRONLY);
  auto kept = std::make_shared<LaunchTemplate>();
  kept->working_directory = launch.working_directory;
  kept->environment = launch.environment;
  kept->profile = launch.profile;
  kept->command = launch.command;
  kept->output = duplicate(parent.launch->output, O_WRONLY);
  kept->error_output = duplicate(parent.launch->error_output, O_WRONLY);
  child.launch = std::move(kept);
  return launch;
}

}  // namespace

Acted fork_call(CallContext& context, const abi::ForkRequest& request, abi::ForkReply& reply) {
  std::shared_ptr<Agent> parent = context.caller.agent;
  Monitor& monitor = context.monitor;
  AgentSpec spec;
  // A child's name begins with its parent's, so that it cannot take one that policy trusts more.
  spec.name = parent->name + "." + (request.name.empty() ? "child" : request.name);
  for (char c : request.name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_') {
      return fail(abi::error::invalid_argument, "field \"name\" may hold letters, digits, '-' and '_'");
    }
  }
  spec.parent = parent;
  spec.kind = request.command.empty() ? AgentKind::kContext : AgentKind::kProcess;
  spec.rights = TRY(rights_of(request, *parent));
  spec.budget = request.budget.value_or(abi::Budget{});
  TRY(check_budget(spec.budget, *parent->quota));
  spec.sources = parent->sources;
  spec.labels = parent->labels;
  auto child = TRY(monitor.make_agent(std::move(spec)));
  const auto give_up = [&](const Error& error) -> Acted {
    {
      std::lock_guard lock(parent->mutex);
      parent->children.erase(child->id);
    }
    child->parent.reset();
    monitor.finish_agent(child, {child->id, 125, false, 0, "lost"});
    return std::unexpected(error);
  };
  if (Status status = pass_handles(request, *parent, *child); !status) return give_up(status.error());
  reply.agent = child->id;
  reply.run = child->run;
  if (request.command.empty()) {
    monitor.begin_running(*child, {});
    return done();
  }
  auto launch = launch_request(request, *parent, *child);
  if (!launch) return give_up(launch.error());
  auto parked = context.park();
  monitor.start_process(child, std::move(*launch), [parked, child](Result<sandbox::Started> started) {
    parked->finish([&](CallContext& alive) -> Status {
      if (!started) return std::unexpected(started.error());
      static_cast<abi::ForkReply*>(alive.reply)->pid = started->pid;
      return {};
    });
  });
  return later();
}

}  // namespace agentos::kernel::syscalls
