// See mcp_link.h.
#include "kernel/mcp_link.h"

#include <fcntl.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/crypto/hash.h"
#include "kernel/monitor.h"
#include "kernel/session.h"

namespace agentos::kernel {
namespace {

// The agent that is a server's process, as the server's starter holds it.
class AgentProcess final : public tool::McpProcess {
 public:
  AgentProcess(Monitor& monitor, std::shared_ptr<Agent> agent) : monitor_(monitor), agent_(std::move(agent)) {}
  ~AgentProcess() override { end(); }
  void end() override {
    monitor_.reactor.post([&monitor = monitor_, agent = agent_] { monitor.end_agent(agent, "killed", 128 + SIGKILL); });
  }

 private:
  Monitor& monitor_;
  std::shared_ptr<Agent> agent_;
};

std::string key_of(const std::string& server, const mcp::Id& id) {
  return server + " " + json::write(mcp::to_json(id));
}

std::string how_it_ended(const ExitRecord& exit) {
  if (exit.signaled) return fmt::format("its process was ended by signal {}", exit.signal);
  return fmt::format("its process ended with status {}", exit.code);
}

}  // namespace

McpLink::McpLink(Monitor& monitor, std::weak_ptr<Agent> client, Drift drift)
    : monitor_(monitor), client_(std::move(client)), drift_(drift), tools_(std::make_shared<tool::Registry>()) {}

McpLink::~McpLink() { stop_servers(); }

void McpLink::stop() {
  withdraw_questions();
  stop_servers();
}

// The agent is remembered after its end; what it had of servers is not.
void McpLink::stop_servers() {
  std::map<std::string, std::shared_ptr<Server>, std::less<>> servers;
  {
    const std::lock_guard lock(mutex_);
    servers.swap(servers_);
    tools_ = std::make_shared<tool::Registry>();
  }
  for (const auto& [name, server] : servers) {
    if (server->server != nullptr) server->server->stop();
  }
}

tool::McpServer::Events McpLink::events_of(const std::string& name) {
  const std::weak_ptr<McpLink> weak = weak_from_this();
  tool::McpServer::Events events;
  events.on_catalog = [weak, name](const tool::McpCatalog& catalog) {
    if (const auto self = weak.lock()) self->catalog_of(name, catalog);
  };
  events.on_notification = [weak, name](std::string_view method, json::Value params) {
    const auto self = weak.lock();
    const auto client = self == nullptr || self->is_blocked(name) ? nullptr : self->peer();
    if (client == nullptr) return;
    if (auto told = self->as_rules_let(name, method, std::move(params))) {
      client->notified(name, std::string(method), std::move(*told));
    }
  };
  events.on_request = [weak, name](const mcp::Id& id, std::string method, json::Value params) {
    const auto self = weak.lock();
    const auto server = self == nullptr ? nullptr : self->find(name);
    if (server == nullptr) return;
    self->server_asks(name, std::move(method), std::move(params), key_of(name, id),
                      [server, id](abi::CallOutput output) {
                        if (!output.status && output.status.error().code == abi::error::cancelled)
                          return;  // it took it back itself
                        tool::McpAnswer answer;
                        if (output.status) {
                          answer.result = std::move(static_cast<abi::McpRequestReply*>(output.reply.get())->result);
                        } else {
                          answer.rpc_error = mcp::RpcError{mcp::kInvalidRequest, output.status.error().message, {}};
                        }
                        server->answer(id, answer);
                      });
  };
  events.on_request_cancelled = [weak, name](const mcp::Id& id) {
    if (const auto self = weak.lock()) self->server_withdraws(key_of(name, id));
  };
  events.may_send = [weak, name](std::string_view method, const json::Value& params) -> Status {
    const auto self = weak.lock();
    return self == nullptr ? Status{} : self->passes(name, method, params);
  };
  events.on_down = [weak, name](const std::string& why) {
    const auto self = weak.lock();
    if (self == nullptr) return;
    const auto client = self->client_.lock();
    json::Object detail;
    detail["server"] = name;
    detail["state"] = "down";
    detail["why"] = json::to_valid_utf8(why);
    (void)self->monitor_.record_event("mcp_server", client.get(), detail);
    if (const auto peer = self->peer()) peer->servers_changed();
  };
  return events;
}

Status McpLink::add(const abi::McpServerSpec& spec, const sandbox::Profile& profile,
                    const std::vector<std::pair<std::string, std::string>>& variables, const io::Fd& errors) {
  auto server = std::make_shared<Server>();
  server->name = spec.name;
  std::string words;
  for (const std::string& word : spec.command) json::write_string(word, words);
  server->command_digest = "sha256:" + crypto::hex(crypto::sha256(words));
  server->launch.command = spec.command;
  server->launch.working_directory = spec.working_directory;
  server->launch.profile = profile;
  for (const auto& [name, value] : spec.environment.as_object()) {
    server->launch.environment.emplace_back(name, value.as_string());
  }
  server->launch.environment.insert(server->launch.environment.end(), variables.begin(), variables.end());
  server->errors = io::Fd(::fcntl(errors.get(), F_DUPFD_CLOEXEC, 0));
  server->pinned = TRY(monitor_.mcp.pin(spec.name));
  const std::weak_ptr<McpLink> weak = weak_from_this();
  const std::string name = spec.name;
  server->server = std::make_shared<tool::McpServer>(
      name, TRY(monitor_.mcp.host()),
      [weak, name](tool::McpPipes pipes,
                   std::function<void(std::string)> ended) -> Result<std::shared_ptr<tool::McpProcess>> {
        const auto self = weak.lock();
        if (self == nullptr) return fail(ErrorCode::kClosed, "the client has ended");
        return self->start_process(name, std::move(pipes), std::move(ended));
      },
      events_of(name));
  {
    const std::lock_guard lock(mutex_);
    if (!servers_.emplace(name, server).second) {
      return fail(abi::error::already_exists, "two servers are named \"" + name + "\"");
    }
  }
  offer();
  return server->server->start();
}

Result<std::shared_ptr<tool::McpProcess>> McpLink::start_process(const std::string& server_name, tool::McpPipes pipes,
                                                                 std::function<void(std::string)> ended) {
  const auto client = client_.lock();
  if (client == nullptr) return fail(ErrorCode::kClosed, "the client has ended");
  std::shared_ptr<Server> server;
  {
    const std::lock_guard lock(mutex_);
    const auto found = servers_.find(server_name);
    if (found == servers_.end()) return fail(ErrorCode::kClosed, "the client has ended");
    server = found->second;
  }
  AgentSpec spec;
  spec.name = client->name + "." + server_name;
  spec.parent = client;
  spec.kind = AgentKind::kProcess;
  spec.rights = client->rights &
                (abi::find_right("network")->bit | abi::find_right("secrets")->bit | abi::find_right("mcp")->bit);
  spec.sources = client->sources;
  auto agent = TRY(monitor_.make_agent(std::move(spec)));
  agent->has_connection = false;
  agent->serves = weak_from_this();
  auto kept = std::make_shared<LaunchTemplate>();
  kept->command = server->launch.command;
  kept->profile = server->launch.profile;
  kept->working_directory = server->launch.working_directory;
  agent->launch = std::move(kept);
  auto told = std::make_shared<std::atomic<bool>>(false);
  auto runs = std::make_shared<std::atomic<bool>>(false);  // a start that failed is told with its reason
  {
    const std::lock_guard lock(agent->mutex);
    agent->exit_waiters.emplace_back(agent->next_waiter++, [weak = std::weak_ptr(agent), ended, told, runs] {
      if (!*runs || told->exchange(true)) return;
      const auto gone = weak.lock();
      ended(gone == nullptr ? "its process ended" : how_it_ended(gone->exit));
    });
  }
  sandbox::LaunchRequest launch;
  launch.command = server->launch.command;
  launch.working_directory = server->launch.working_directory;
  launch.environment = server->launch.environment;
  launch.environment_set = {{"AGENTOS_AGENT", agent->id}};
  launch.profile = server->launch.profile;
  launch.stdin_fd = std::move(pipes.server_input);
  launch.stdout_fd = std::move(pipes.server_output);
  launch.stderr_fd = io::Fd(::fcntl(server->errors.get(), F_DUPFD_CLOEXEC, 0));
  {
    const std::lock_guard lock(mutex_);
    server->process = agent;
  }
  monitor_.start_process(agent, std::move(launch), [ended, told, runs](Result<sandbox::Started> started) {
    if (started) *runs = true;
    if (started || told->exchange(true)) return;
    const std::string hint = started.error().hint.empty() ? "" : " (" + started.error().hint + ")";
    ended("it could not be started: " + started.error().message + hint);
  });
  return std::make_shared<AgentProcess>(monitor_, agent);
}

std::shared_ptr<const tool::Registry> McpLink::tools() const {
  const std::lock_guard lock(mutex_);
  return tools_;
}

std::shared_ptr<tool::McpServer> McpLink::find(const std::string& server) const {
  const std::lock_guard lock(mutex_);
  const auto found = servers_.find(server);
  return found == servers_.end() ? nullptr : found->second->server;
}

// ---- between the two sides

std::shared_ptr<abi::McpPeer> McpLink::peer() const {
  const std::lock_guard lock(mutex_);
  return peer_.lock();
}

void McpLink::set_peer(std::weak_ptr<abi::McpPeer> peer) {
  const std::lock_guard lock(mutex_);
  peer_ = std::move(peer);
}

void McpLink::waits_for_approval(std::uint64_t token, const std::string& approval, std::int64_t expires_us) {
  if (const auto client = peer()) client->waits_for_approval(token, approval, expires_us);
}

void McpLink::ask_client(const std::string& server, const std::string& method, json::Value params,
                         std::function<void(Result<json::Value>)> done, std::uint64_t question) {
  const auto client = peer();
  if (client == nullptr) return done(fail(abi::error::closed, "the client is not there"));
  const json::Value* meta = params.find("_meta");
  const json::Value* token = meta == nullptr ? nullptr : meta->find("progressToken");
  if (token == nullptr) return client->asked(server, method, std::move(params), std::move(done), question);
  const std::string told = json::write(*token);
  {
    const std::lock_guard lock(mutex_);
    if (awaited_.size() < kAwaitedMax) awaited_.emplace(told, server);
  }
  client->asked(
      server, method, std::move(params),
      [weak = weak_from_this(), told, done = std::move(done)](Result<json::Value> answer) {
        if (const auto self = weak.lock()) {
          const std::lock_guard lock(self->mutex_);
          if (const auto found = self->awaited_.find(told); found != self->awaited_.end()) {
            self->awaited_.erase(found);
          }
        }
        done(std::move(answer));
      },
      question);
}

std::uint64_t McpLink::next_question() {
  const std::lock_guard lock(mutex_);
  return next_question_++;
}

void McpLink::withdraw(std::uint64_t question) {
  if (const auto client = peer()) client->withdrawn(question);
}

// A request of a server is a call of the agent its process is: decided, recorded and answered like any other.
void McpLink::server_asks(const std::string& name, std::string method, json::Value params, std::string key,
                          std::function<void(abi::CallOutput)> done) {
  std::shared_ptr<Agent> process;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = servers_.find(name); found != servers_.end()) process = found->second->process;
  }
  if (process == nullptr || is_blocked(name)) {
    abi::CallOutput output;
    output.status = fail(abi::error::not_found, "there is no server \"" + name + "\" that may ask");
    return done(std::move(output));
  }
  json::Object request;
  request["server"] = name;
  request["method"] = std::move(method);
  request["params"] = std::move(params);
  std::shared_ptr<abi::Session> session = monitor_.open_session(process);
  abi::Session& caller = *session;
  if (!key.empty()) {
    const std::lock_guard lock(mutex_);
    asked_[key] = session;
  }
  caller.submit(1, "mcp_request", json::Value(std::move(request)), {},
                [weak = weak_from_this(), key = std::move(key), session = std::move(session),
                 done = std::move(done)](abi::CallOutput output) {
                  if (const auto self = weak.lock(); self != nullptr && !key.empty()) {
                    const std::lock_guard lock(self->mutex_);
                    const auto found = self->asked_.find(key);
                    if (found != self->asked_.end() && found->second.lock() == session) self->asked_.erase(found);
                  }
                  done(std::move(output));
                });
}

void McpLink::server_withdraws(const std::string& key) {
  std::shared_ptr<abi::Session> session;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = asked_.find(key); found != asked_.end()) session = found->second.lock();
  }
  if (session != nullptr) session->cancel(1);
}

void McpLink::ask(const std::string& server, const std::string& method, json::Value params,
                  std::function<void(Result<json::Value>)> done) {
  server_asks(server, method, std::move(params), {}, [done = std::move(done)](abi::CallOutput output) {
    if (!output.status) return done(std::unexpected(output.status.error()));
    done(std::move(static_cast<abi::McpRequestReply*>(output.reply.get())->result));
  });
}

// An operator's call like any other: decided, recorded, and bound to the very arguments that wait.
void McpLink::answer_approval(const std::string& approval, bool granted) {
  const auto client = client_.lock();
  if (!ui_uid_ || client == nullptr) return;
  const auto waiting = monitor_.approvals();
  const auto found = std::ranges::find(waiting, approval, &abi::ApprovalEntry::approval);
  if (found == waiting.end() || found->agent != client->id) return;  // answered already, or of another
  json::Object request;
  request["approval"] = approval;
  request["granted"] = granted;
  request["digest"] = found->digest;
  request["reason"] = "answered in the interface of " + client->name;
  std::shared_ptr<abi::Session> session = make_operator_session(monitor_, *ui_uid_);
  abi::Session& caller = *session;
  caller.submit(1, "approve", json::Value(std::move(request)), {},
                [session = std::move(session)](const abi::CallOutput&) {});
}

// Asked without our lock: a server that starts holds its own and comes here.
std::map<std::string, McpLink::Condition, std::less<>> McpLink::conditions() const {
  std::vector<std::shared_ptr<tool::McpServer>> servers;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, server] : servers_) servers.push_back(server->server);
  }
  std::map<std::string, Condition, std::less<>> out;
  for (const auto& server : servers) out.emplace(server->name(), Condition{server->state(), server->trouble()});
  return out;
}

std::vector<abi::McpServerView> McpLink::servers() const {
  std::vector<abi::McpServerView> out;
  const auto conditions = this->conditions();
  const std::lock_guard lock(mutex_);
  for (const auto& [name, server] : servers_) {
    const auto condition = conditions.find(name);
    if (condition == conditions.end()) continue;  // added since
    abi::McpServerView view;
    view.name = name;
    const auto state = condition->second.state;
    view.ready = state == tool::McpServer::State::kReady && server->now.has_value() && server->offered;
    view.settled = view.ready || state == tool::McpServer::State::kRefused || state == tool::McpServer::State::kPausing;
    view.trouble = condition->second.trouble;
    if (const std::optional<mcp::Pin>& source = server->pinned; source && server->offered) {
      view.known = true;
      view.info = source->info;
      view.capabilities = source->capabilities;
      view.instructions = source->instructions;  // the pinned ones, whatever it says now
      if (drift_ == Drift::kWarn && server->now) {
        view.info = server->now->info;
        view.capabilities = server->now->capabilities;
        view.instructions = server->now->instructions;
      }
      const auto revision = mcp::revision_of(server->now ? server->now->revision : source->revision);
      view.modern = revision && mcp::is_modern(*revision);
    }
    out.push_back(std::move(view));
  }
  return out;
}

void McpLink::greet(const json::Value& info, const json::Value& capabilities) {
  std::vector<std::pair<std::shared_ptr<tool::McpServer>, mcp::CallingSession::Era>> servers;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, server] : servers_) {
      auto era = mcp::CallingSession::Era::kUnknown;
      // What the pin says of the era spares a legacy server the probe, as long as it is the same command.
      if (server->pinned && server->pinned->command_digest == server->command_digest) {
        const auto revision = mcp::revision_of(server->pinned->revision);
        if (revision && !mcp::is_modern(*revision)) era = mcp::CallingSession::Era::kLegacy;
      }
      servers.emplace_back(server->server, era);
    }
  }
  for (const auto& [server, era] : servers) server->greet({info, capabilities}, era);
}

}  // namespace agentos::kernel
