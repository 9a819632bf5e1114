// See mcp_link.h.
#include "kernel/mcp_link.h"

#include <fcntl.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/crypto/hash.h"
#include "kernel/monitor.h"
#include "lib/mcp/definition_scan.h"
#include "lib/tool/executors/mcp/mcp_executor.h"

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

std::string how_it_ended(const ExitRecord& exit) {
  if (exit.signaled) return fmt::format("its process was ended by signal {}", exit.signal);
  return fmt::format("its process ended with status {}", exit.code);
}

std::string_view name_of(tool::McpServer::State state) {
  static constexpr std::string_view kNames[] = {"stopped", "starting", "ready", "pausing", "refused"};
  return kNames[static_cast<std::size_t>(state)];
}

bool concerns(const mcp::Difference& difference, std::string_view kind, std::string_view name) {
  return difference.item.size() == kind.size() + 1 + name.size() && difference.item.starts_with(kind) &&
         difference.item.ends_with(name);
}

}  // namespace

McpLink::McpLink(Monitor& monitor, std::weak_ptr<Agent> client, Drift drift)
    : monitor_(monitor), client_(std::move(client)), drift_(drift), tools_(std::make_shared<tool::Registry>()) {}

McpLink::~McpLink() { stop(); }

void McpLink::stop() {
  std::map<std::string, std::shared_ptr<Server>, std::less<>> servers;
  {
    const std::lock_guard lock(mutex_);
    servers = servers_;
  }
  for (const auto& [name, server] : servers) {
    if (server->server != nullptr) server->server->stop();
  }
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
  tool::McpServer::Events events;
  events.on_catalog = [weak, name](const tool::McpCatalog& catalog) {
    if (const auto self = weak.lock()) self->catalog_of(name, catalog);
  };
  events.on_notification = [weak, name](std::string_view method, json::Value params) {
    const auto self = weak.lock();
    const auto client = self == nullptr ? nullptr : self->peer();
    if (client != nullptr) client->notified(name, std::string(method), std::move(params));
  };
  events.on_request = [weak, name](const mcp::Id& id, std::string method, json::Value params) {
    const auto self = weak.lock();
    const auto server = self == nullptr ? nullptr : self->find(name);
    if (server == nullptr) return;
    self->server_asks(name, std::move(method), std::move(params), [server, id](abi::CallOutput output) {
      tool::McpAnswer answer;
      if (output.status) {
        answer.result = std::move(static_cast<abi::McpRequestReply*>(output.reply.get())->result);
      } else {
        answer.rpc_error = mcp::RpcError{mcp::kInvalidRequest, output.status.error().message, {}};
      }
      server->answer(id, answer);
    });
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
  server->server = std::make_shared<tool::McpServer>(
      name, TRY(monitor_.mcp.host()),
      [weak, name](tool::McpPipes pipes, std::function<void(std::string)> ended)
          -> Result<std::shared_ptr<tool::McpProcess>> {
        const auto self = weak.lock();
        if (self == nullptr) return fail(ErrorCode::kClosed, "the client has ended");
        return self->start_process(name, std::move(pipes), std::move(ended));
      },
      std::move(events));
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
    server = servers_.find(server_name)->second;
  }
  AgentSpec spec;
  spec.name = client->name + "." + server_name;
  spec.parent = client;
  spec.kind = AgentKind::kProcess;
  spec.rights = client->rights & (abi::find_right("network")->bit | abi::find_right("secrets")->bit |
                                  abi::find_right("mcp")->bit);
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

// ---- what the servers offer

void McpLink::catalog_of(const std::string& name, const tool::McpCatalog& catalog) {
  mcp::Pin now;
  now.server = name;
  now.revision = mcp::name_of(catalog.revision);
  now.pinned_us = monitor_.clock.wall_us();
  now.info = catalog.server.info;
  now.capabilities = catalog.server.capabilities;
  now.instructions = catalog.server.instructions;
  now.tools = catalog.tools;
  now.prompts = catalog.prompts;
  now.templates = catalog.templates;
  bool first = false;
  json::Object detail;
  {
    const std::lock_guard lock(mutex_);
    const auto found = servers_.find(name);
    if (found == servers_.end()) return;
    Server& server = *found->second;
    now.command_digest = server.command_digest;
    first = !server.pinned.has_value();
    if (first) server.pinned = now;
    server.now = now;
    server.differences = mcp::compare(*server.pinned, now);
    detail["server"] = name;
    detail["what"] = first ? "pinned" : server.differences.empty() ? "same" : "differs";
    detail["digest"] = now.digest();
    detail["pinned"] = server.pinned->digest();
    json::Array items;
    for (const mcp::Difference& difference : server.differences) {
      if (items.size() == 64) break;
      items.emplace_back(std::string(mcp::name_of(difference.what)) + " " + json::to_valid_utf8(difference.item.substr(0, 128)));
    }
    detail["differences"] = std::move(items);
    detail["revision"] = now.revision;
    detail["tools"] = static_cast<std::int64_t>(now.tools.size());
  }
  const auto client = client_.lock();
  (void)monitor_.record_event("pin", client.get(), detail);
  if (first) {
    if (Status kept = monitor_.mcp.keep(now); !kept) {
      const std::lock_guard lock(mutex_);
      servers_.find(name)->second->refusal = "its pin cannot be kept: " + kept.error().message;
    }
  }
  offer();
  if (const auto told = peer()) told->servers_changed();
}

std::string McpLink::offered_name(const Server& server, std::string_view tool) const {
  return names_ == Names::kPlain ? std::string(tool) : server.name + "__" + std::string(tool);
}

void McpLink::offer() {
  auto registry = std::make_shared<tool::Registry>();
  std::vector<std::shared_ptr<Server>> servers;
  std::vector<std::string> all_names;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, server] : servers_) {
      servers.push_back(server);
      all_names.push_back(name);
    }
  }
  for (const auto& server : servers) {
    std::optional<mcp::Pin> now;
    std::vector<mcp::Difference> differences;
    bool refused = false;
    {
      const std::lock_guard lock(mutex_);
      now = server->now;
      // Before it is there: what it offered last, as long as it is the same command.
      if (!now && server->pinned && server->pinned->command_digest == server->command_digest) now = server->pinned;
      differences = server->differences;
      refused = !server->refusal.empty();
    }
    const bool strict = drift_ != Drift::kWarn;
    const bool other = std::any_of(differences.begin(), differences.end(), mcp::is_of_whole_server);
    if (!now || refused || (strict && other)) continue;
    std::vector<std::string> foreign;
    for (const auto& one : servers) {
      if (one == server) continue;
      foreign.push_back(one->name);
      const std::lock_guard lock(mutex_);
      if (!one->now) continue;
      for (const json::Value& tool : one->now->tools) foreign.emplace_back(mcp::item_name(tool));
    }
    for (const json::Value& definition : now->tools) {
      const std::string_view name = mcp::item_name(definition);
      const auto drifted = std::find_if(differences.begin(), differences.end(), [&](const mcp::Difference& difference) {
        return concerns(difference, "tool", name) && difference.what != mcp::Difference::What::kRemoved;
      });
      if (strict && drifted != differences.end()) continue;
      auto manifest = tool::mcp_manifest(server->name, definition, offered_name(*server, name));
      if (!manifest) continue;
      manifest->findings = mcp::to_json(mcp::scan_definition(definition, foreign));
      if (drifted != differences.end()) manifest->drift = mcp::name_of(drifted->what);
      std::shared_ptr<const schema::Schema> output;
      if (const json::Value* given = definition.find("outputSchema"); given != nullptr) {
        auto compiled = schema::Schema::compile(*given);
        if (!compiled) continue;  // what cannot be checked is not offered
        output = std::make_shared<const schema::Schema>(std::move(*compiled));
      }
      manifest->definition.as_object()["name"] = manifest->name;
      (void)registry->add(std::move(*manifest), tool::make_mcp_executor(server->server, std::string(name), output));
    }
  }
  const std::lock_guard lock(mutex_);
  tools_ = std::move(registry);
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

std::function<void(const json::Value&)> McpLink::progress_of(std::uint64_t token) {
  return [weak = weak_from_this(), token](const json::Value& params) {
    const auto self = weak.lock();
    const auto client = self == nullptr ? nullptr : self->peer();
    if (client != nullptr) client->progressed(token, params);
  };
}

void McpLink::waits_for_approval(std::uint64_t token, const std::string& approval, std::int64_t expires_us) {
  if (const auto client = peer()) client->waits_for_approval(token, approval, expires_us);
}

void McpLink::ask_client(const std::string& server, const std::string& method, json::Value params,
                         std::function<void(Result<json::Value>)> done) {
  const auto client = peer();
  if (client == nullptr) return done(fail(abi::error::closed, "the client is not there"));
  client->asked(server, method, std::move(params), std::move(done));
}

// A request of a server is a call of the agent its process is: decided, recorded and answered like any other.
void McpLink::server_asks(const std::string& name, std::string method, json::Value params,
                          std::function<void(abi::CallOutput)> done) {
  std::shared_ptr<Agent> process;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = servers_.find(name); found != servers_.end()) process = found->second->process;
  }
  if (process == nullptr) {
    abi::CallOutput output;
    output.status = fail(abi::error::not_found, "there is no server \"" + name + "\"");
    return done(std::move(output));
  }
  json::Object request;
  request["server"] = name;
  request["method"] = std::move(method);
  request["params"] = std::move(params);
  std::shared_ptr<abi::Session> session = monitor_.open_session(process);
  abi::Session& caller = *session;
  caller.submit(1, "mcp_request", json::Value(std::move(request)), {},
                [session = std::move(session), done = std::move(done)](abi::CallOutput output) {
                  done(std::move(output));
                });
}

void McpLink::ask(const std::string& server, const std::string& method, json::Value params,
                  std::function<void(Result<json::Value>)> done) {
  server_asks(server, method, std::move(params), [done = std::move(done)](abi::CallOutput output) {
    if (!output.status) return done(std::unexpected(output.status.error()));
    done(std::move(static_cast<abi::McpRequestReply*>(output.reply.get())->result));
  });
}

std::vector<abi::McpServerView> McpLink::servers() const {
  std::vector<abi::McpServerView> out;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, server] : servers_) {
    abi::McpServerView view;
    view.name = name;
    const auto state = server->server->state();
    view.ready = state == tool::McpServer::State::kReady && server->now.has_value();
    view.settled = view.ready || state == tool::McpServer::State::kRefused || state == tool::McpServer::State::kPausing;
    view.trouble = server->server->trouble();
    if (const std::optional<mcp::Pin>& source = server->pinned; source) {
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

void McpLink::notify(const std::string& name, const std::string& method, const json::Value& params) {
  std::vector<std::shared_ptr<tool::McpServer>> servers;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [own, server] : servers_) {
      if (name.empty() || own == name) servers.push_back(server->server);
    }
  }
  for (const auto& server : servers) server->notify(method, params);
}

// ---- for operators

std::vector<abi::McpServerEntry> McpLink::entries() const {
  std::vector<abi::McpServerEntry> out;
  const auto client = client_.lock();
  const auto offered_tools = tools()->all();
  const std::lock_guard lock(mutex_);
  for (const auto& [name, server] : servers_) {
    abi::McpServerEntry entry;
    entry.agent = client == nullptr ? "" : client->id;
    entry.server = name;
    entry.process = server->process == nullptr ? "" : server->process->id;
    entry.state = name_of(server->server->state());
    entry.trouble = server->refusal.empty() ? server->server->trouble() : server->refusal;
    entry.drift = server->differences.empty() ? "none" : fmt::format("{} differences", server->differences.size());
    json::Object offers;
    if (server->now) {
      entry.revision = server->now->revision;
      offers["info"] = server->now->info;
      offers["capabilities"] = server->now->capabilities;
      json::Array tools;
      for (const json::Value& definition : server->now->tools) {
        json::Object one;
        const std::string shown = offered_name(*server, mcp::item_name(definition));
        one["name"] = shown;
        const auto found = std::find_if(offered_tools->begin(), offered_tools->end(),
                                        [&](const auto& tool) { return tool->manifest.name == shown; });
        one["offered"] = found != offered_tools->end();
        if (found != offered_tools->end()) one["findings"] = (*found)->manifest.findings;
        tools.emplace_back(std::move(one));
      }
      offers["tools"] = std::move(tools);
      offers["prompts"] = static_cast<std::int64_t>(server->now->prompts.size());
      offers["templates"] = static_cast<std::int64_t>(server->now->templates.size());
    }
    entry.offers = std::move(offers);
    out.push_back(std::move(entry));
  }
  return out;
}

std::optional<mcp::Pin> McpLink::offered(const std::string& pin_name) const {
  const std::lock_guard lock(mutex_);
  const auto found = servers_.find(pin_name);
  return found == servers_.end() ? std::nullopt : found->second->now;
}

void McpLink::decide_pins_anew() {
  std::vector<std::pair<std::string, std::optional<mcp::Pin>>> pins;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, server] : servers_) pins.emplace_back(name, std::nullopt);
  }
  for (auto& [name, pin] : pins) {
    if (auto read = monitor_.mcp.pin(name)) pin = std::move(*read);
  }
  {
    const std::lock_guard lock(mutex_);
    for (auto& [name, pin] : pins) {
      Server& server = *servers_.find(name)->second;
      if (!pin) continue;  // forgotten: the next connection pins anew
      server.pinned = std::move(pin);
      if (server.now) server.differences = mcp::compare(*server.pinned, *server.now);
    }
  }
  offer();
  if (const auto told = peer()) told->servers_changed();
}

}  // namespace agentos::kernel
