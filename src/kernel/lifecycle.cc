// Agents begin and end here: creation, processes, stop and resume, kill, and what is left for the parent.
#include <signal.h>

#include <algorithm>
#include <shared_mutex>

#include "base/io/socket.h"
#include "kernel/mcp_link.h"
#include "kernel/monitor.h"

namespace agentos::kernel {
namespace {

json::Array right_names(abi::Rights rights) {
  json::Array names;
  for (const abi::RightInfo& info : abi::rights()) {
    if (rights & info.bit) names.emplace_back(info.name);
  }
  return names;
}

ExitRecord exit_record(const Agent& agent, const sandbox::ExitStatus& status, const ExitRecord& asked,
                       std::string_view cause) {
  ExitRecord record{agent.id, status.shell_code(), status.signaled, status.signaled ? status.code : 0,
                    std::string(cause)};
  if (cause.empty()) {
    switch (status.by) {
      case sandbox::ExitStatus::By::kProgram:
        record.cause = status.signaled ? "crash" : "exit";
        break;
      case sandbox::ExitStatus::By::kTimeLimit:
        record.cause = "timeout";
        break;
      case sandbox::ExitStatus::By::kProtectionLost:
        record.cause = "protection";
        break;
    }
  }
  if (cause == "exit") record = {agent.id, asked.code, false, 0, "exit"};
  return record;
}

// The parent's wait gets the status, once.
void tell_parent(const Agent& agent, const ExitRecord& exit) {
  auto parent = agent.parent.lock();
  if (parent == nullptr) return;
  std::vector<std::pair<std::uint64_t, std::function<void()>>> waiters;
  {
    std::lock_guard lock(parent->mutex);
    parent->children.erase(agent.id);
    if (parent->state != AgentState::kEnded) parent->zombies.push_back(exit);
    waiters = parent->child_waiters;
  }
  for (auto& [id, ready] : waiters) ready();
}

}  // namespace

Result<std::shared_ptr<Agent>> Monitor::make_agent(AgentSpec spec) {
  auto agent = std::make_shared<Agent>();
  agent->id = std::move(spec.id);
  agent->name = spec.name.empty() ? "agent" : std::move(spec.name);
  agent->run = "run-" + random_hex(random, 8);
  agent->kind = spec.kind;
  agent->rights = spec.rights;
  agent->labels = std::move(spec.labels);
  agent->started_us = clock.wall_us();
  agent->sources = std::move(spec.sources);
  agent->bound_session = spec.bound_session;
  // No reload between asking for the programs and being among those that a reload reaches.
  std::shared_lock no_reload(reload_mutex);
  agent->in_force = TRY(policy.in_force_for(agent->sources));
  agent->quota = std::make_shared<Quota>(spec.budget, spec.parent == nullptr ? nullptr : spec.parent->quota);
  if (spec.parent != nullptr) {
    agent->parent = spec.parent;
    agent->parent_id = spec.parent->id;
    agent->chain = spec.parent->chain;
    agent->chain.insert(agent->chain.begin(), spec.parent->id);
  }
  agent->family = spec.parent != nullptr ? spec.parent->family : TRY(Family::begin(policy.pasts(), agent->run));
  agent->family_place = agent->family->take_place();
  if (agent->family_place == nullptr) {
    return fail(abi::error::busy, "the agent's family has " + std::to_string(kFamilyMax) + " members alive already",
                "wait for some of them");
  }
  TRY(agents.add(agent));
  no_reload.unlock();
  if (spec.parent != nullptr) {
    std::lock_guard lock(spec.parent->mutex);
    if (spec.parent->children.size() + spec.parent->zombies.size() >= kChildrenMax ||
        spec.parent->state >= AgentState::kEnding) {
      agents.remove(agent);
      agent->family_place.reset();
      return fail(abi::error::busy, "the agent has " + std::to_string(kChildrenMax) + " children already",
                  "wait for some of them");
    }
    spec.parent->children.emplace(agent->id, agent);
  }
  if (const auto time_ms = spec.budget.time_ms) {
    std::weak_ptr<Agent> weak = agent;
    const Reactor::TimerId timer = reactor.after_ms(*time_ms, [this, weak] {
      if (auto alive = weak.lock()) end_agent(alive, "timeout", 128 + SIGKILL);
    });
    std::lock_guard lock(agent->mutex);
    agent->time_timer = timer;
  }
  return agent;
}  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks): the analyzer loses the family's shared_ptr in an expected

void Monitor::begin_running(Agent& agent, const json::Object& detail) {
  json::Object event = detail;
  event["kind"] = name_of(agent.kind);
  if (!agent.labels.empty()) {
    json::Array labels;
    for (const std::string& label : agent.labels) labels.emplace_back(label);
    event["labels"] = std::move(labels);
  }
  event["name"] = agent.name;
  event["parent"] = agent.parent_id;
  event["rights"] = right_names(agent.rights);
  event["ring"] = agent.ring;
  bool stop = false;
  {
    std::lock_guard lock(agent.mutex);
    event["policy"] = agent.in_force->program->summary();
    if (agent.state == AgentState::kStarting) agent.state = AgentState::kRunning;
    // Under the lock that stop_agent takes: either it finds a running agent, or this finds what it left or the freeze.
    stop = std::exchange(agent.stop_at_start, false) || frozen;
  }
  (void)record_event("agent_start", &agent, event);
  if (stop) stop_agent(agent.shared_from_this());
}

void Monitor::start_process(std::shared_ptr<Agent> agent, sandbox::LaunchRequest request,
                            std::function<void(Result<sandbox::Started>)> started) {
  abi::ConnectionAdopter* door = adopter.load();
  const auto give_up = [&](Error error) {
    finish_agent(agent, {agent->id, 125, false, 0, "exit"});
    started(std::unexpected(std::move(error)));
  };
  if (options.launcher == nullptr) {
    return give_up({abi::error::unsupported, "this kernel has no launcher, so it starts no processes", {}});
  }
  if (request.profile.network == sandbox::Network::kProxy) {
    if (Status status = give_network(agent, request); !status) return give_up(status.error());
  }
  request.closed_paths = {options.state_directory};
  if (door != nullptr && agent->has_connection) {
    auto pair = io::socket_pair();
    if (!pair) return give_up(pair.error());
    request.agent_socket = std::move(pair->first);
    if (Status status = door->adopt(std::move(pair->second), open_session(agent)); !status)
      return give_up(status.error());
  }
  auto on_start = [this, agent, started](Result<sandbox::Started> result) {
    reactor.post([this, agent, started, result = std::move(result)]() mutable {
      if (!result) {
        finish_agent(agent, {agent->id, 125, false, 0, "exit"});
        return started(std::unexpected(Error{abi::error::sandbox_failed, result.error().message, result.error().hint}));
      }
      agent->pid = result->pid;
      json::Object detail;
      detail["manifest"] = result->manifest;
      detail["pid"] = result->pid;
      json::Array command;
      for (const std::string& word : agent->launch->command)
        command.emplace_back(json::to_valid_utf8(word.substr(0, 256)));
      detail["command"] = std::move(command);
      begin_running(*agent, detail);
      started(std::move(result));
    });
  };
  auto on_exit = [this, agent](sandbox::ExitStatus status) {
    reactor.post([this, agent, status] {
      ExitRecord record;
      {
        std::lock_guard lock(agent->mutex);
        record = exit_record(*agent, status, agent->exit, agent->exit_cause);
      }
      if (record.cause == "crash") metrics.agent_crashes.fetch_add(1, std::memory_order_relaxed);
      finish_agent(agent, std::move(record));
    });
  };
  request.on_blocked = [this, agent](sandbox::Blocked blocked) {
    reactor.post([this, agent, blocked = std::move(blocked)] { record_blocked(*agent, blocked); });
  };
  auto tree = options.launcher->launch(std::move(request), std::move(on_start), std::move(on_exit));
  if (!tree) {
    return give_up({tree.error().code == ErrorCode::kNotFound ? abi::error::not_found : abi::error::sandbox_failed,
                    tree.error().message, tree.error().hint});
  }
  bool already_ending = false, already_stopped = false;
  {
    std::lock_guard lock(agent->mutex);
    agent->tree = *tree;
    already_ending = agent->state >= AgentState::kEnding;
    already_stopped = agent->state == AgentState::kStopped;
  }
  if (already_ending) (void)(*tree)->kill();
  if (already_stopped) (void)(*tree)->freeze();
}

void Monitor::record_blocked(const Agent& agent, const sandbox::Blocked& blocked) {
  json::Object detail;
  detail["what"] = blocked.what;
  if (!blocked.target.empty()) detail["target"] = blocked.target;
  if (!blocked.program.empty()) detail["program"] = blocked.program;
  if (blocked.pid > 0) detail["pid"] = blocked.pid;
  detail["count"] = static_cast<std::int64_t>(blocked.count);
  if (!blocked.allow.empty()) detail["allow"] = blocked.allow;
  if (!blocked.access.empty()) detail["access"] = blocked.access;
  (void)record_event(blocked.refused ? "blocked" : "traced", &agent, detail);
}

// A network is a channel to the egress proxy, and what tells programs that it is there.
Status Monitor::give_network(const std::shared_ptr<Agent>& agent, sandbox::LaunchRequest& request) {
  if (egress == nullptr) {
    return fail(abi::error::unsupported, "this kernel has no egress proxy, so no agent can have a network",
                "agentos-egress is installed beside agentos; or take a profile with network: none");
  }
  agent->reach = std::make_shared<const egress::Reach>(TRY(egress::Reach::parse(request.profile.internal_addresses)));
  request.egress_channel = TRY(egress->open_channel(agent));
  for (const auto& [name, value] : Egress::environment()) request.environment_set.emplace_back(name, value);
  return {};
}

void Monitor::end_agent(const std::shared_ptr<Agent>& agent, std::string_view cause, std::int64_t code) {
  std::shared_ptr<sandbox::Tree> tree;
  ExitRecord record;
  {
    std::lock_guard lock(agent->mutex);
    if (agent->state == AgentState::kEnded) return;
    agent->state = AgentState::kEnding;
    if (agent->exit_cause.empty()) {
      agent->exit_cause = cause;
      agent->exit = {agent->id, code, code > 128, code > 128 ? code - 128 : 0, std::string(cause)};
    }
    record = agent->exit;
    tree = agent->tree;
    if (agent->kind == AgentKind::kProcess && tree == nullptr) return;  // still starting: start_process kills it
  }
  if (tree != nullptr) {
    (void)tree->kill();  // on_exit finishes it
  } else {
    finish_agent(agent, std::move(record));
  }
}

void Monitor::terminate_agent(const std::shared_ptr<Agent>& agent, std::string_view cause, std::string_view reason) {
  std::shared_ptr<sandbox::Tree> tree;
  {
    std::lock_guard lock(agent->mutex);
    if (agent->state >= AgentState::kEnding || agent->grace_timer != 0) return;
    tree = agent->tree;
    std::weak_ptr<Agent> weak = agent;
    agent->grace_timer = reactor.after_ms(options.grace_ms, [this, weak, why = std::string(cause)] {
      if (auto alive = weak.lock()) end_agent(alive, why, 128 + SIGKILL);
    });
    if (agent->exit_cause.empty() && tree != nullptr) agent->exit_cause = cause;
  }
  (void)reason;
  if (tree != nullptr) {
    resume_agent(agent);  // a frozen process could not use its grace
    (void)tree->signal(SIGTERM);
  }
}

void Monitor::finish_agent(const std::shared_ptr<Agent>& agent, ExitRecord exit) {
  std::vector<std::weak_ptr<Parked>> parked;
  std::map<std::string, std::shared_ptr<Agent>> children;
  std::vector<std::pair<std::uint64_t, std::function<void()>>> exit_waiters;
  std::vector<Handle> handles;
  std::unique_ptr<vfs::Namespace> files;
  std::vector<std::string> regions_held;
  std::shared_ptr<ipc::Queue> mailbox;
  std::shared_ptr<sandbox::Tree> tree;
  std::shared_ptr<void> family_place;
  std::uint64_t timers[2] = {0, 0};
  if (egress != nullptr) egress->close_channel(*agent);
  {
    std::lock_guard lock(agent->mutex);
    if (agent->state == AgentState::kEnded) return;
    agent->state = AgentState::kEnded;
    agent->exit = exit;
    parked.swap(agent->parked);
    children.swap(agent->children);
    exit_waiters.swap(agent->exit_waiters);
    handles.swap(agent->handles);
    files.swap(agent->files);
    regions_held.swap(agent->regions);
    mailbox.swap(agent->mailbox);
    tree.swap(agent->tree);
    family_place.swap(agent->family_place);
    timers[0] = std::exchange(agent->grace_timer, 0);
    timers[1] = std::exchange(agent->time_timer, 0);
    agent->zombies.clear();
    if (agent->launch != nullptr) {  // whoever reads its output must see the end of it
      agent->launch->output.reset();
      agent->launch->error_output.reset();
    }
  }
  for (std::uint64_t timer : timers) {
    if (timer != 0) reactor.cancel(timer);
  }
  const Error gone{abi::error::terminated, agent->id + " has ended", {}};
  for (const auto& weak : parked) {
    if (auto one = weak.lock()) one->cancel(gone);
  }
  handles.clear();  // ends of pipes close: peers see the end of the stream
  if (mailbox != nullptr) mailbox->remove_reader();
  for (const std::string& region : regions_held) (void)regions.leave(agent->id, region);
  if (agent->mcp != nullptr) agent->mcp->stop();
  // A child's authority is part of its parent's, so it ends with it.
  for (const auto& [id, child] : children) end_agent(child, "killed", 128 + SIGKILL);
  flush_refusals(*agent);
  json::Object detail;
  detail["cause"] = exit.cause;
  detail["code"] = exit.code;
  detail["signal"] = exit.signal;
  detail["calls"] = static_cast<std::int64_t>(agent->calls.load());
  detail["denied"] = static_cast<std::int64_t>(agent->denied.load());
  detail["bytes"] = agent->quota->used(Quota::kBytes);
  (void)record_event("agent_exit", agent.get(), detail);
  agents.remove(agent);
  tell_parent(*agent, exit);
  for (auto& [id, ready] : exit_waiters) ready();
  std::map<std::uint64_t, std::function<void()>> close;
  {
    std::lock_guard lock(agent->sessions_mutex);
    close.swap(agent->close);
    agent->notify.clear();
  }
  for (auto& [session, callback] : close) callback();
}

void Monitor::stop_agent(const std::shared_ptr<Agent>& agent) {
  std::shared_ptr<sandbox::Tree> tree;
  {
    std::lock_guard lock(agent->mutex);
    agent->pausing = false;
    agent->stop_at_start = agent->state == AgentState::kStarting;
    if (agent->state != AgentState::kRunning) return;
    agent->state = AgentState::kStopped;
    tree = agent->tree;
  }
  if (tree != nullptr) (void)tree->freeze();
}

void Monitor::resume_agent(const std::shared_ptr<Agent>& agent) {
  std::shared_ptr<sandbox::Tree> tree;
  {
    std::lock_guard lock(agent->mutex);
    agent->pausing = agent->stop_at_start = false;
    if (agent->state != AgentState::kStopped) return;
    agent->state = AgentState::kRunning;
    tree = agent->tree;
  }
  if (tree != nullptr) (void)tree->thaw();
}

std::int64_t Monitor::freeze_all(std::string_view reason) {
  frozen = true;
  std::int64_t count = 0;
  for (const auto& agent : agents.alive()) {
    stop_agent(agent);
    ++count;
  }
  json::Object detail;
  detail["frozen"] = true;
  detail["agents"] = count;
  detail["reason"] = json::to_valid_utf8(reason);
  (void)record_event("freeze", nullptr, detail);
  return count;
}

std::int64_t Monitor::thaw_all(std::string_view reason) {
  frozen = false;
  std::int64_t count = 0;
  for (const auto& agent : agents.alive()) {
    resume_agent(agent);
    ++count;
  }
  json::Object detail;
  detail["frozen"] = false;
  detail["agents"] = count;
  detail["reason"] = json::to_valid_utf8(reason);
  (void)record_event("freeze", nullptr, detail);
  return count;
}

void Monitor::session_closed(const std::shared_ptr<Agent>& agent, std::uint64_t session) {
  {
    std::lock_guard lock(agent->sessions_mutex);
    agent->notify.erase(session);
    agent->close.erase(session);
  }
  bool last = false;
  {
    std::lock_guard lock(agent->mutex);
    last = --agent->sessions == 0;
  }
  if (last && agent->kind != AgentKind::kProcess) end_agent(agent, "exit", 0);
}

void Monitor::operator_closed(std::uint64_t session) {
  for (const auto& agent : agents.alive()) {
    if (agent->bound_session == session) end_agent(agent, "killed", 128 + SIGKILL);
  }
}

Result<std::vector<PolicyBundles::Taken>> Monitor::load_policy(std::vector<policy::Source> documents) {
  const std::unique_lock alone(reload_mutex);
  PolicyBundles::Opened opened = TRY(bundles.open(std::move(documents)));
  const auto alive = agents.alive();
  std::vector<Sources> own;
  for (const auto& agent : alive) own.push_back(agent->sources);
  const Sources before = policy.documents();
  TRY(policy.load(std::move(opened.sources), own));
  if (Status kept = bundles.keep(opened.bundles); !kept) {
    TRY(policy.load(*before, own));
    return std::unexpected(kept.error());
  }
  for (const auto& agent : alive) {
    auto in_force = TRY(policy.in_force_for(agent->sources));  // compiled by the load already
    std::lock_guard lock(agent->mutex);
    agent->in_force = std::move(in_force);
  }
  if (egress != nullptr) egress->judge_again();
  return std::move(opened.bundles);
}

}  // namespace agentos::kernel
