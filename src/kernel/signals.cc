// Delivering the twelve signals: mask, disposition, default action, and a record of each one sent.
#include <signal.h>

#include "kernel/checkpoints.h"
#include "kernel/monitor.h"

namespace agentos::kernel {
namespace {

enum class Delivery : std::uint8_t { kPending, kIgnored, kHandled, kDefault };

std::uint16_t bit(const abi::SignalInfo& signal) {
  return static_cast<std::uint16_t>(1u << static_cast<int>(signal.number));
}

// Precondition: agent.mutex is held. Standard signals coalesce: three while blocked are one delivery.
Delivery classify(Agent& agent, const abi::SignalInfo& signal) {
  if (signal.maskable && (agent.signals.blocked & bit(signal)) != 0) {
    agent.signals.pending |= bit(signal);
    return Delivery::kPending;
  }
  if (signal.catchable) {
    const std::uint8_t disposition = agent.signals.disposition[static_cast<std::size_t>(signal.number)];
    if (disposition == 1) return Delivery::kIgnored;
    if (disposition == 2) return Delivery::kHandled;
  }
  return Delivery::kDefault;
}

void tell(Agent& agent, std::string_view sender, const abi::SignalInfo& signal, std::string_view reason,
          json::Object params = {}) {
  params["number"] = static_cast<int>(signal.number);
  params["reason"] = json::to_valid_utf8(reason);
  params["sender"] = sender;
  params["signal"] = signal.name;
  const abi::Notification notification{"notifications/signal", json::write_canonical(json::Value(std::move(params)))};
  std::map<std::uint64_t, std::function<void(abi::Notification)>> listeners;
  {
    std::lock_guard lock(agent.sessions_mutex);
    listeners = agent.notify;
  }
  for (auto& [session, notify] : listeners) notify(notification);
}

// Ids begin with the time, so that they sort by it; two in one microsecond differ by a counter.
constexpr int kSameMicrosecondMax = 100;

// Saves what describes the agent under a fresh id; what to tell the agent: {"checkpoint": id} or {"problem": why}.
json::Object checkpoint_by_signal(Monitor& monitor, Agent& agent, const json::Object& state) {
  const std::string time = "signal-" + std::to_string(monitor.clock.wall_us());
  std::lock_guard lock(agent.mutex);
  if (agent.files == nullptr) agent.files = vfs::Namespace::make(monitor.options.files, monitor.clock);
  for (int i = 0; i < kSameMicrosecondMax; ++i) {
    const std::string id = i == 0 ? time : time + "-" + std::to_string(i);
    std::string path;
    if (Status status = checkpoint_path(id, path); !status) return {{"problem", status.error().message}};
    if (agent.files->stat(path)) continue;
    auto saved = save_checkpoint(*agent.files, path, json::Value(state));
    if (!saved) return {{"problem", saved.error().message}};  // a full namespace keeps the ones it has
    return {{"checkpoint", id}};
  }
  return {{"problem", "too many checkpoints in one microsecond"}};
}

void carry_out(Monitor& monitor, const std::shared_ptr<Agent>& agent, const abi::SignalInfo& signal,
               std::string_view sender, std::string_view reason) {
  const bool policy = signal.number == abi::Signal::kSIGPOLICY;
  switch (signal.action) {
    case abi::SignalAction::stop:
      monitor.stop_agent(agent);
      break;
    case abi::SignalAction::resume:
      monitor.resume_agent(agent);
      tell(*agent, sender, signal, reason);
      break;
    case abi::SignalAction::pause: {
      tell(*agent, sender, signal, reason);
      bool now = false;
      {
        std::lock_guard lock(agent->mutex);
        agent->pausing = agent->state == AgentState::kRunning;
        now = agent->calls_in_flight.load() == 0;
      }
      if (now) monitor.stop_agent(agent);
      break;
    }
    case abi::SignalAction::kill:
      monitor.end_agent(agent, policy ? "policy" : "killed", 128 + SIGKILL);
      break;
    case abi::SignalAction::terminate:
      tell(*agent, sender, signal, reason);
      monitor.terminate_agent(agent, "terminated", reason);
      break;
    case abi::SignalAction::diagnose:
      tell(*agent, sender, signal, reason);
      (void)monitor.record_event("diagnostic", agent.get(), monitor.describe(*agent));
      break;
    case abi::SignalAction::checkpoint:
      tell(*agent, sender, signal, reason, checkpoint_by_signal(monitor, *agent, monitor.describe(*agent)));
      break;
    case abi::SignalAction::notify:
      tell(*agent, sender, signal, reason);
      break;
  }
}

}  // namespace

bool only_stops(const abi::SignalInfo& signal) {
  return signal.action == abi::SignalAction::stop || signal.action == abi::SignalAction::pause ||
         signal.action == abi::SignalAction::terminate || signal.action == abi::SignalAction::kill;
}

Result<abi::SignalReply> Monitor::send_signal(std::string_view sender, const std::shared_ptr<Agent>& target,
                                              const abi::SignalInfo& signal, std::string_view reason) {
  Delivery delivery;
  {
    std::lock_guard lock(target->mutex);
    if (target->state >= AgentState::kEnding && signal.action != abi::SignalAction::kill) {
      return fail(abi::error::terminated, target->id + " has ended");
    }
    if (target->state == AgentState::kEnded) return fail(abi::error::terminated, target->id + " has ended");
    delivery = classify(*target, signal);
  }
  abi::SignalReply reply;
  reply.delivered = delivery != Delivery::kPending;
  reply.pending = delivery == Delivery::kPending;
  reply.effect = delivery == Delivery::kPending   ? "pending"
                 : delivery == Delivery::kIgnored ? "ignored"
                 : delivery == Delivery::kHandled ? "handled"
                                                  : std::string(abi::name_of(signal.action));
  json::Object detail;
  detail["effect"] = reply.effect;
  detail["reason"] = json::to_valid_utf8(reason);
  detail["sender"] = sender;
  detail["signal"] = signal.name;
  // What stops an agent is not held up by a log that cannot be written.
  if (Status status = record_event("signal", target.get(), detail); !status && !only_stops(signal)) {
    return std::unexpected(status.error());
  }
  if (signal.number == abi::Signal::kSIGCONT && delivery != Delivery::kDefault) resume_agent(target);
  if (delivery == Delivery::kHandled) tell(*target, sender, signal, reason);
  if (delivery == Delivery::kDefault) carry_out(*this, target, signal, sender, reason);
  return reply;
}

void Monitor::deliver_pending(const std::shared_ptr<Agent>& agent) {
  for (const abi::SignalInfo& signal : abi::signals()) {
    {
      std::lock_guard lock(agent->mutex);
      const std::uint16_t ready = agent->signals.pending & static_cast<std::uint16_t>(~agent->signals.blocked);
      if ((ready & bit(signal)) == 0) continue;
      agent->signals.pending &= static_cast<std::uint16_t>(~bit(signal));
    }
    (void)send_signal("kernel", agent, signal, "unblocked");
  }
}

namespace {

json::Array words_of(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

void add_lineage(const Agent& agent, json::Object& out) {
  out["labels"] = words_of(agent.labels);
  out["chain"] = words_of(agent.chain);
  const Family::Labels flow = agent.family == nullptr ? nullptr : agent.family->labels();
  out["flow"] = flow == nullptr ? json::Array() : words_of(*flow);
}

}  // namespace

json::Object Monitor::describe(const Agent& agent) const {
  json::Object out;
  out["agent"] = agent.id;
  out["name"] = agent.name;
  out["run"] = agent.run;
  out["parent"] = agent.parent_id;
  out["ring"] = agent.ring;
  out["kind"] = name_of(agent.kind);
  out["pid"] = agent.pid.load();
  out["started_us"] = agent.started_us;
  out["calls"] = static_cast<std::int64_t>(agent.calls.load());
  out["denied"] = static_cast<std::int64_t>(agent.denied.load());
  out["calls_in_flight"] = agent.calls_in_flight.load();
  json::Array rights;
  for (const abi::RightInfo& info : abi::rights()) {
    if (agent.rights & info.bit) rights.emplace_back(info.name);
  }
  out["rights"] = std::move(rights);
  add_lineage(agent, out);
  json::Object budget, used;
  for (int i = 0; i < Quota::kResourceCount; ++i) {
    static constexpr const char* kNames[] = {"calls", "bytes", "tokens", "money_micros", "time_ms", "concurrency"};
    const auto resource = static_cast<Quota::Resource>(i);
    if (agent.quota->limit(resource) != Quota::kUnlimited) budget[kNames[i]] = agent.quota->limit(resource);
    used[kNames[i]] = agent.quota->used(resource);
  }
  out["budget"] = std::move(budget);
  out["used"] = std::move(used);
  std::lock_guard lock(agent.mutex);
  out["state"] = name_of(agent.state);
  out["policy"] = agent.in_force == nullptr ? json::Value() : agent.in_force->program->summary();
  json::Array handles;
  for (std::size_t number = 1; number < agent.handles.size(); ++number) {
    if (std::holds_alternative<std::monostate>(agent.handles[number].what)) continue;
    json::Object handle;
    handle["handle"] = static_cast<std::int64_t>(number);
    handle["path"] = agent.handles[number].path;
    handles.emplace_back(std::move(handle));
  }
  out["handles"] = std::move(handles);
  json::Array children, blocked, pending;
  for (const auto& [id, child] : agent.children) children.emplace_back(id);
  for (const abi::SignalInfo& signal : abi::signals()) {
    if (agent.signals.blocked & bit(signal)) blocked.emplace_back(signal.name);
    if (agent.signals.pending & bit(signal)) pending.emplace_back(signal.name);
  }
  out["children"] = std::move(children);
  out["signals_blocked"] = std::move(blocked);
  out["signals_pending"] = std::move(pending);
  out["context_tokens"] = agent.context_tokens;
  out["files_bytes"] = agent.files == nullptr ? std::int64_t{0} : agent.files->bytes_used();
  if (agent.launch != nullptr) {
    json::Array command;
    for (const std::string& word : agent.launch->command)
      command.emplace_back(json::to_valid_utf8(word.substr(0, 256)));
    out["command"] = std::move(command);
    out["profile"] = agent.launch->profile.name;
    out["working_directory"] = json::to_valid_utf8(agent.launch->working_directory);
  }
  if (agent.state == AgentState::kEnded) {
    json::Object exit;
    exit["cause"] = agent.exit.cause;
    exit["code"] = agent.exit.code;
    exit["signal"] = agent.exit.signal;
    out["exit"] = std::move(exit);
  }
  return out;
}

}  // namespace agentos::kernel
