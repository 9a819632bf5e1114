// What a client asks, and who answers it: the door itself, a tool, or a server.
#include <algorithm>
#include <set>
#include <utility>

#include "server/mcp_door/client.h"
#include "server/mcp_door/denial.h"

namespace agentos::mcp_door {
namespace {

constexpr std::string_view kPrefixEnd = "__";
constexpr std::int64_t kNsPerMs = 1'000'000;

// What several servers can do together.
void merge(json::Object& into, const json::Value& from) {
  if (!from.is_object()) return;
  for (const auto& [name, value] : from.as_object()) {
    json::Value& slot = into[name];
    if (!slot.is_object()) slot = json::Object{};
    if (!value.is_object()) continue;
    for (const auto& [key, member] : value.as_object()) slot.as_object()[key] = member;
  }
}

// What is promised for a server nothing is known of yet: it is asked when the client does.
json::Object unknown_capabilities() {
  json::Object changing{{"listChanged", true}};
  json::Object resources{{"listChanged", true}, {"subscribe", true}};
  json::Object out;
  out["tools"] = changing;
  out["prompts"] = changing;
  out["resources"] = std::move(resources);
  out["logging"] = json::Object{};
  out["completions"] = json::Object{};
  return out;
}

bool is_listing(std::string_view method) {
  return method == "resources/list" || method == "resources/templates/list" || method == "prompts/list";
}

std::string_view list_key(std::string_view method) {
  if (method == "resources/list") return "resources";
  return method == "prompts/list" ? "prompts" : "resourceTemplates";
}

std::string_view capability_of(std::string_view method) {
  if (method.starts_with("resources/")) return "resources";
  if (method.starts_with("prompts/")) return "prompts";
  if (method.starts_with("completion/")) return "completions";
  if (method.starts_with("tasks/")) return "tasks";
  return {};
}

std::string name_in(const json::Value& params) {
  for (const std::string_view key : {"uri", "name", "taskId"}) {
    if (const std::string_view value = params.string_or(key, ""); !value.empty()) return std::string(value);
  }
  const json::Value* reference = params.find("ref");
  return reference == nullptr ? "" : std::string(reference->string_or("uri", reference->string_or("name", "")));
}

// The server knows its prompts by its own names.
void strip_prefix(json::Value& params, const std::string& prefix) {
  const auto strip = [&](json::Value* name) {
    if (name != nullptr && name->is_string() && name->as_string().starts_with(prefix)) {
      name->as_string().erase(0, prefix.size());
    }
  };
  strip(params.as_object().find("name"));
  if (json::Value* reference = params.as_object().find("ref"); reference != nullptr && reference->is_object()) {
    strip(reference->as_object().find("name"));
  }
}

bool is_modern_server(const std::vector<abi::McpServerView>& servers, const std::string& name) {
  return std::any_of(servers.begin(), servers.end(),
                     [&](const abi::McpServerView& server) { return server.name == name && server.modern; });
}

// A modern client may be another with each request; a modern server is told. Others were told once.
json::Value extra_of(const mcp::Asked& asked, bool to_modern_server) {
  json::Object extra;
  if (to_modern_server && mcp::is_modern(asked.revision)) {
    json::Object client;
    client["info"] = asked.client.info;
    client["capabilities"] = asked.client.capabilities;
    extra["client"] = std::move(client);
  }
  if (!asked.progress_token.is_null()) extra["progress"] = true;
  if (!asked.log_level.empty()) extra["logLevel"] = asked.log_level;
  return json::Value(std::move(extra));
}

}  // namespace

mcp::ServerIdentity Client::identity() const {
  mcp::ServerIdentity out;
  const auto servers = backend_->servers();
  json::Object capabilities;
  bool known = true;
  for (const abi::McpServerView& server : servers) {
    known = known && server.known;
    merge(capabilities, server.known ? server.capabilities : json::Value(unknown_capabilities()));
    if (server.instructions.empty()) continue;
    if (servers.size() > 1) out.instructions += "[" + server.name + "] ";
    out.instructions += server.instructions;
    if (servers.size() > 1) out.instructions += "\n\n";
  }
  // Changes are told whatever the server does: policy and pins change what is offered, too.
  for (const char* changing : {"tools", "prompts", "resources"}) {
    if (json::Value* one = capabilities.find(changing); one != nullptr) one->as_object()["listChanged"] = true;
  }
  out.capabilities = std::move(capabilities);
  out.info = server_info();
  return out;
}

json::Value Client::server_info() const {
  const Views seen = views();
  const auto& servers = *seen;
  if (servers.size() == 1 && servers[0].known && servers[0].info.find("name") != nullptr) return servers[0].info;
  json::Object info;
  info["name"] = servers.size() == 1 ? servers[0].name : std::string("agentos");
  info["version"] = AGENTOS_VERSION;
  return json::Value(std::move(info));
}

bool Client::servers_are(Enough enough) const {
  for (const abi::McpServerView& server : backend_->servers()) {
    if (!server.settled && !(enough == Enough::kKnown && server.known)) return false;
  }
  return true;
}

// Whether it is known what the server offers, or that this will not be known; a name that is no server's is.
bool Client::is_known(const std::string& server) const {
  const auto known = [&](const std::vector<abi::McpServerView>& servers) {
    const auto found = std::ranges::find(servers, server, &abi::McpServerView::name);
    return found == servers.end() || found->settled || found->known;
  };
  return known(*views()) || known(backend_->servers());
}

Client::Views Client::views() const {
  const std::lock_guard lock(mutex_);
  return views_;
}

std::uint64_t Client::fresh_token() {
  const std::lock_guard lock(mutex_);
  return next_token_++;
}

void Client::identify(mcp::Asked asked, bool initialize, Effects& effects) {
  backend_->greet(asked.client.info, asked.client.capabilities);
  const bool settled = servers_are(Enough::kKnown);
  const std::lock_guard lock(mutex_);
  if (settled) {
    effects.push_back([self = shared_from_this(), asked = std::move(asked), initialize] {
      const mcp::ServerIdentity server = self->identity();
      const std::lock_guard held(self->mutex_);
      if (initialize) {
        self->serving_.initialized(asked, server, self->outbox_);
      } else {
        mcp::ServingSession::discovered(asked, server, self->outbox_);
      }
      self->flush_locked();
    });
    return;
  }
  if (waiting_.size() >= kCallsMax) {
    mcp::ServingSession::answer_error(asked, {mcp::kInternalError, "too many requests wait already", {}}, outbox_);
    return flush_locked();
  }
  waiting_.push_back({.why = initialize ? Waiting::Why::kInitialize : Waiting::Why::kDiscover,
                      .asked = std::move(asked),
                      .server = {},
                      .until_ns = clock_.monotonic_ns() + kFirstWaitMs * kNsPerMs});
  effects.push_back([self = shared_from_this()] { self->run_waiting(); });  // they may have come to be known just now
  loop_.post([weak = weak_from_this(), &loop = loop_] {
    loop.after_ms(kFirstWaitMs, [weak] {
      if (const auto self = weak.lock()) self->run_waiting();
    });
  });
}

// Requests that waited for servers: now the servers are known, or it has been long enough. A call waits for its own.
void Client::run_waiting() {
  std::set<std::string> known;
  bool all = true;
  for (const abi::McpServerView& server : backend_->servers()) {
    const bool here = server.settled || server.known;
    if (here) known.insert(server.name);
    all = all && here;
  }
  const std::int64_t now_ns = clock_.monotonic_ns();
  std::vector<Waiting> ready;
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = waiting_.size(); i > 0; --i) {
      Waiting one = std::move(waiting_.front());
      waiting_.pop_front();
      one.known = all || known.contains(one.server);
      if (one.known || one.until_ns <= now_ns) {
        ready.push_back(std::move(one));
      } else {
        waiting_.push_back(std::move(one));
      }
    }
  }
  if (ready.empty()) return;
  for (Waiting& one : ready) {
    Effects effects;
    answer_waiting(std::move(one), effects);
    for (const auto& effect : effects) effect();
  }
}

void Client::answer_waiting(Waiting one, Effects& effects) {
  if (one.why == Waiting::Why::kList) return submit_list(std::move(one.asked));
  if (one.why == Waiting::Why::kCall && one.known) return submit_call(std::move(one.asked), effects);
  const mcp::ServerIdentity server = identity();
  const std::lock_guard lock(mutex_);
  if (one.why == Waiting::Why::kInitialize) {
    serving_.initialized(one.asked, server, outbox_);
  } else if (one.why == Waiting::Why::kDiscover) {
    mcp::ServingSession::discovered(one.asked, server, outbox_);
  } else {
    mcp::ServingSession::answer_error(
        one.asked, {mcp::kInternalError, "the server has not said yet what it offers; try again", {}}, outbox_);
  }
  flush_locked();
}

// A tool or prompt of several servers carries its server's name; a resource does not say whose it is.
std::string Client::server_of(const mcp::Asked& asked) const {
  const Views seen = views();
  const auto& servers = *seen;
  if (servers.size() == 1) return servers[0].name;
  const std::string name = name_in(asked.params);
  for (const abi::McpServerView& server : servers) {
    if (name.starts_with(server.name + std::string(kPrefixEnd))) return server.name;
  }
  return asked.method.starts_with("resources/") ? owner_of(name) : std::string();
}

void Client::call_tool(mcp::Asked asked, Effects& effects) {
  if (!asked.params.find("name") || !asked.params.find("name")->is_string()) {
    const std::lock_guard lock(mutex_);
    mcp::ServingSession::answer_error(asked, {mcp::kInvalidParams, "tools/call: \"name\" must be text", {}}, outbox_);
    return flush_locked();
  }
  const std::string server = server_of(asked);
  if (!is_known(server)) return wait_for_servers(std::move(asked), server, effects);
  submit_call(std::move(asked), effects);
}

void Client::submit_call(mcp::Asked asked, Effects& effects) {
  json::Object& params = asked.params.as_object();
  json::Value arguments = json::Object{};
  if (json::Value* given = params.find("arguments"); given != nullptr) arguments = *given;
  std::string server = server_of(asked);
  json::Value extra = extra_of(asked, is_modern_server(*views(), server));
  for (const char* key : {"_meta", "task"}) {
    if (json::Value* beside = params.find(key); beside != nullptr) extra.as_object()[key] = *beside;
  }
  json::Object request;
  request["tool"] = params.find("name")->as_string();
  request["arguments"] = std::move(arguments);
  request["extra"] = std::move(extra);
  return call(std::move(asked), "exec", std::move(server), json::Value(std::move(request)), effects);
}

void Client::take_request(mcp::Asked asked, Effects& effects) {
  if (!serving_.is_legacy()) backend_->greet(asked.client.info, asked.client.capabilities);
  const std::string method = asked.method;
  if (method == "tools/list") return list_tools(std::move(asked), effects);
  if (method == "subscriptions/listen") return listen(std::move(asked), effects);
  if (method == "tools/call") return call_tool(std::move(asked), effects);
  const Views seen = views();
  const auto& servers = *seen;
  if (method == "resources/subscribe" || method == "resources/unsubscribe") {
    // A modern server has another way to be asked for the same.
    if (servers.size() == 1 && servers[0].modern) {
      const std::lock_guard lock(mutex_);
      const std::string uri(asked.params.string_or("uri", ""));
      method == "resources/subscribe" ? subscribe_locked(uri, effects) : unsubscribe_locked(uri, effects);
      mcp::ServingSession::answer(asked, json::Object{}, {}, outbox_);
      return flush_locked();
    }
  }
  std::string server = server_of(asked);
  if (method == "logging/setLevel" && (servers.size() != 1 || servers[0].modern)) {
    const std::lock_guard lock(mutex_);
    mcp::ServingSession::answer(asked, json::Object{}, {}, outbox_);
    return flush_locked();
  }
  const abi::McpServerView* only = servers.size() == 1 ? &servers[0] : nullptr;
  if (is_listing(method)) {
    const std::lock_guard lock(mutex_);
    listed_ = true;
  }
  const std::string_view capability = capability_of(method);
  if (only != nullptr && only->known && !capability.empty() && only->capabilities.find(capability) == nullptr) {
    const std::lock_guard lock(mutex_);
    if (is_listing(method)) {
      json::Object none;
      none[list_key(method)] = json::Array{};
      mcp::ServingSession::answer(asked, json::Value(std::move(none)), only->info, outbox_);
    } else {
      mcp::ServingSession::answer_error(asked, {mcp::kMethodNotFound, "the server has no " + method, {}}, outbox_);
    }
    return flush_locked();
  }
  if (servers.size() > 1 && is_listing(method))
    return list_of_all(std::move(asked), std::string(list_key(method)), effects);
  if (server.empty()) {
    const std::lock_guard lock(mutex_);
    mcp::ServingSession::answer_error(
        asked, {mcp::kMethodNotFound, method + " cannot be told whose it is among several servers", {}}, outbox_);
    return flush_locked();
  }
  json::Object request;
  request["server"] = server;
  request["method"] = method;
  request["extra"] = extra_of(asked, is_modern_server(servers, server));
  json::Value params = asked.params;
  if (servers.size() > 1) strip_prefix(params, server + std::string(kPrefixEnd));
  request["name"] = name_in(params);
  for (const char* key : {"inputResponses", "requestState"}) params.as_object().erase(key);
  request["params"] = std::move(params);
  call(std::move(asked), "mcp_request", std::move(server), json::Value(std::move(request)), effects);
}

// ---- lists of tools

// A list waits for all servers, a call of a tool for its own.
void Client::wait_for_servers(mcp::Asked asked, const std::string& server, Effects& effects) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= kCallsMax) {
    mcp::ServingSession::answer_error(asked, {mcp::kInternalError, "too many requests wait already", {}}, outbox_);
    return flush_locked();
  }
  waiting_.push_back({.why = server.empty() ? Waiting::Why::kList : Waiting::Why::kCall,
                      .asked = std::move(asked),
                      .server = server,
                      .until_ns = clock_.monotonic_ns() + kListWaitMs * kNsPerMs});
  effects.push_back([self = shared_from_this()] { self->run_waiting(); });  // they may have come to be known just now
  loop_.post([weak = weak_from_this(), &loop = loop_] {
    loop.after_ms(kListWaitMs, [weak] {
      if (const auto self = weak.lock()) self->run_waiting();
    });
  });
}

void Client::list_tools(mcp::Asked asked, Effects& effects) {
  asked.params = json::Object{};  // a list of tools takes none of them
  if (!servers_are(Enough::kKnown)) return wait_for_servers(std::move(asked), {}, effects);
  effects.push_back(
      [self = shared_from_this(), asked = std::move(asked)]() mutable { self->submit_list(std::move(asked)); });
}

void Client::submit_list(mcp::Asked asked) {
  const auto session = session_of();
  if (session == nullptr) return;
  session->submit(fresh_token(), "tools", json::Object{}, {},
                  [weak = weak_from_this(), asked = std::move(asked)](abi::CallOutput output) {
                    const auto self = weak.lock();
                    if (self == nullptr) return;
                    const json::Value info = self->server_info();
                    const std::lock_guard lock(self->mutex_);
                    if (!output.status) {
                      mcp::ServingSession::answer_error(asked, rpc_error_of(output), self->outbox_);
                      return self->flush_locked();
                    }
                    json::Array tools;
                    for (abi::ToolEntry& entry : static_cast<abi::ToolsReply*>(output.reply.get())->tools) {
                      if (!entry.definition.is_object()) continue;
                      tools.push_back(std::move(entry.definition));
                    }
                    json::Object result;
                    result["tools"] = std::move(tools);
                    self->listed_ = true;
                    mcp::ServingSession::answer(asked, json::Value(std::move(result)), info, self->outbox_);
                    self->flush_locked();
                  });
}

}  // namespace agentos::mcp_door
