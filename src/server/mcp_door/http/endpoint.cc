// See endpoint.h.
#include "server/mcp_door/http/endpoint.h"

#include <algorithm>
#include <span>
#include <utility>

#include "lib/mcp/http_headers.h"
#include "lib/mcp/metadata.h"
#include "server/mcp_door/http/answers.h"

namespace agentos::mcp_http {
namespace {

constexpr std::size_t kSessionIdOctets = 24;
constexpr std::string_view kMethods = "GET, POST, DELETE, OPTIONS";

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Whether Accept lets an answer of `type` come. Weights other than 0 make no difference here.
bool accepts(const Request& request, std::string_view type) {
  bool any = false;
  const std::string_view main = type.substr(0, type.find('/'));
  for (const auto& [name, value] : request.fields) {
    if (!egress::same_name(name, "accept")) continue;
    any = true;
    for (std::string_view rest = value; !rest.empty();) {
      const std::string_view item = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(rest.size(), item.size() + 1));
      const std::string_view range = trim_blanks(item.substr(0, item.find(';')));
      if (range == "*/*" || egress::same_name(range, type) || egress::same_name(range, std::string(main) + "/*")) {
        return true;
      }
    }
  }
  return !any;
}

bool is_json(std::string_view type) {
  return egress::same_name(trim_blanks(type.substr(0, type.find(';'))), "application/json");
}

mcp::RpcError unsupported_version(std::string_view requested) {
  json::Array names;
  for (const mcp::Revision revision : mcp::revisions_newest_first()) names.emplace_back(mcp::name_of(revision));
  json::Object about;
  about["supported"] = std::move(names);
  about["requested"] = requested;
  return {mcp::kUnsupportedProtocolVersion, "Unsupported protocol version", std::move(about)};
}

// A body is one message in as many lines as it likes; between the endpoint and the server side it is one line.
std::string one_line(std::string_view body) {
  std::string line(body);
  for (char& c : line) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  line += '\n';
  return line;
}

std::string_view said_version(const json::Value& params) {
  const json::Value* meta = mcp::meta_of(params);
  return meta == nullptr ? std::string_view() : meta->string_or(mcp::kMetaVersion, "");
}

// Of which shape a message is: its body says so, or its header.
bool is_modern_post(const Request& request, const mcp::Message& message) {
  const json::Value* meta = mcp::meta_of(message.params);
  if (meta != nullptr && meta->find(mcp::kMetaVersion) != nullptr) return true;
  const auto header = request.header(mcp::kHeaderVersion);
  const auto revision = header ? mcp::revision_of(*header) : std::nullopt;
  return revision && mcp::is_modern(*revision);
}

}  // namespace

Endpoint::Endpoint(io::Loop& loop, const Clock& clock, Random& random, EndpointOptions options, Open open)
    : random_(random),
      options_(std::move(options)),
      guard_(options_.guard),
      context_{loop, clock, options_.limits, guard_},
      open_(std::move(open)),
      stateless_(std::make_shared<Stateless>(context_, open_)) {}

Endpoint::~Endpoint() { end("the endpoint was closed"); }

// ---- by its head

std::optional<Answer> Endpoint::screen(const Request& request) {
  auto refused = guard_.screen(request);
  if (!refused) refused = screen_method(request);
  if (refused) guard_.allow_origin(request, refused->fields);
  return refused;
}

std::optional<Answer> Endpoint::screen_method(const Request& request) const {
  if (request.path != options_.path) return error_answer(404, "the endpoint is at " + options_.path);
  if (request.method == "OPTIONS") {
    Answer allowed;
    allowed.status = 204;
    allowed.fields.emplace_back("Allow", kMethods);
    if (guard_.has_allowed_origin(request)) {
      allowed.fields.emplace_back("Access-Control-Allow-Methods", "GET, POST, DELETE");
      // What the browser says it will send: Mcp-Param fields have any name.
      allowed.fields.emplace_back("Access-Control-Allow-Headers",
                                  request.header("access-control-request-headers").value_or("Content-Type"));
      allowed.fields.emplace_back("Access-Control-Max-Age", "600");
    }
    return allowed;
  }
  const bool post = request.method == "POST";
  if (!post && request.method != "GET" && request.method != "DELETE") {
    Answer refused = error_answer(405, "POST sends a message, GET listens, DELETE ends a session");
    refused.fields.emplace_back("Allow", kMethods);
    return refused;
  }
  if (post && !is_json(request.header("content-type").value_or(""))) {
    return error_answer(415, "Content-Type must be application/json");
  }
  if (post && !(accepts(request, kJson) && accepts(request, kEvents))) {
    return error_answer(406, "Accept must list both application/json and text/event-stream");
  }
  if (request.method == "GET" && !accepts(request, kEvents)) {
    return error_answer(406, "Accept must list text/event-stream");
  }
  if (request.length > options_.limits.body_bytes) {
    return error_answer(413, "the body is longer than " + std::to_string(options_.limits.body_bytes) + " octets");
  }
  return std::nullopt;
}

// ---- by what it says

void Endpoint::serve(std::shared_ptr<Exchange> exchange) {
  const std::string& method = exchange->request().method;
  if (method == "POST") return post(std::move(exchange));
  const auto version = exchange->request().header(mcp::kHeaderVersion);
  const auto revision = version ? mcp::revision_of(*version) : std::nullopt;
  if (revision && mcp::is_modern(*revision)) {
    Answer refused = error_answer(405, "this revision has POST alone");
    refused.fields.emplace_back("Allow", "POST");
    return exchange->answer(std::move(refused));
  }
  const auto session = session_of(exchange);
  if (session == nullptr) return;
  if (method == "GET") return session->listen(std::move(exchange));
  session->end("the client ended it");
  Answer ended;
  ended.status = 204;
  guard_.allow_origin(exchange->request(), ended.fields);
  exchange->answer(std::move(ended));
}

std::shared_ptr<Session> Endpoint::session_of(const std::shared_ptr<Exchange>& exchange) {
  const Request& request = exchange->request();
  const auto version = request.header(mcp::kHeaderVersion);
  if (version && !mcp::revision_of(*version)) {
    exchange->answer(error_answer(400, unsupported_version(*version)));
    return nullptr;
  }
  const auto id = request.header(mcp::kHeaderSession);
  if (!id) {
    exchange->answer(error_answer(
        400, "Mcp-Session-Id is missing: initialize first, or say version and capabilities in params._meta"));
    return nullptr;
  }
  const auto found = sessions_.find(*id);
  if (found != sessions_.end()) return found->second;
  exchange->answer(error_answer(404, "there is no such session (any more); initialize again"));
  return nullptr;
}

void Endpoint::post(std::shared_ptr<Exchange> exchange) {
  const Request& request = exchange->request();
  const auto id = request.header(mcp::kHeaderSession);
  const auto session = id ? sessions_.find(*id) : sessions_.end();
  const bool batches = session != sessions_.end() && mcp::has_batches(session->second->revision());
  auto messages = mcp::parse(exchange->body(), batches ? mcp::Batches::kAllowed : mcp::Batches::kRefused);
  if (!messages) return exchange->answer(error_answer(400, messages.error().error, messages.error().id));
  if (is_modern_post(request, messages->front())) return post_modern(std::move(exchange), std::move(messages->front()));
  post_legacy(std::move(exchange), *messages);
}

void Endpoint::post_modern(std::shared_ptr<Exchange> exchange, mcp::Message message) {
  const Request& request = exchange->request();
  if (message.kind == mcp::Message::Kind::kResponse) {
    return exchange->answer(error_answer(400, "this revision has no requests of the server that could be answered"));
  }
  const std::string version(said_version(message.params));
  const auto revision = mcp::revision_of(version);
  if (!version.empty() && request.header(mcp::kHeaderVersion) == version && !(revision && mcp::is_modern(*revision))) {
    return exchange->answer(error_answer(400, unsupported_version(version), message.id));
  }
  const auto wrong = mcp::check_headers(message, [&request](std::string_view name) { return request.header(name); });
  if (wrong) return exchange->answer(error_answer(400, *wrong, message.id));
  if (message.kind == mcp::Message::Kind::kNotification) return stateless_->notification(exchange, message);
  const json::Value* meta = mcp::meta_of(message.params);
  const json::Value* capabilities = meta == nullptr ? nullptr : meta->find(mcp::kMetaClientCapabilities);
  if (version.empty() || capabilities == nullptr || !capabilities->is_object()) {
    mcp::RpcError error{mcp::kInvalidParams, "", {}};
    error.message = "params._meta must have " + std::string(mcp::kMetaVersion) + " and " +
                    std::string(mcp::kMetaClientCapabilities);
    return exchange->answer(error_answer(400, error, message.id));
  }
  stateless_->request(std::move(exchange), std::move(message));
}

void Endpoint::post_legacy(std::shared_ptr<Exchange> exchange, const std::vector<mcp::Message>& messages) {
  const mcp::Message& first = messages.front();
  const bool initializes = first.kind == mcp::Message::Kind::kRequest && first.method == "initialize";
  if (initializes && messages.size() == 1 && !exchange->request().header(mcp::kHeaderSession)) {
    std::string line = one_line(exchange->body());
    return initialize(std::move(exchange), first, std::move(line));
  }
  const auto session = session_of(exchange);
  if (session == nullptr) return;
  const std::string line = one_line(exchange->body());
  session->post(std::move(exchange), messages, line);
}

// ---- sessions

void Endpoint::initialize(std::shared_ptr<Exchange> exchange, mcp::Message message, std::string line) {
  if (sessions_.size() + starting_.size() + opening_ >= options_.limits.sessions) {
    Answer full =
        error_answer(503, "there are " + std::to_string(options_.limits.sessions) + " sessions already", message.id);
    full.fields.emplace_back("Retry-After", "30");
    return exchange->answer(std::move(full));
  }
  ++opening_;
  open_([this, alive = std::weak_ptr(alive_), exchange = std::move(exchange), message = std::move(message),
         line = std::move(line)](Result<io::Fd> socket) {
    if (alive.lock() == nullptr) return;
    --opening_;
    if (exchange->gone()) return;
    if (!socket) return exchange->answer(error_answer(502, socket.error().message, message.id));
    std::string octets(kSessionIdOctets, '\0');
    random_.fill(std::as_writable_bytes(std::span(octets)));
    auto pipe = std::make_shared<Pipe>(context_.loop, options_.limits, std::move(*socket));
    Session::Owner owner;
    owner.ready = [this](Session& session) {
      sessions_[session.id()] = session.shared_from_this();
      starting_.erase(&session);
    };
    owner.ended = [this](Session& session) {
      const auto keep = session.shared_from_this();
      sessions_.erase(session.id());
      starting_.erase(&session);
    };
    auto session = std::make_shared<Session>(context_, crypto::base64url(octets), std::move(pipe), std::move(owner));
    starting_[session.get()] = session;
    session->initialize(exchange, message, line);
  });
}

void Endpoint::tick(std::int64_t now_ms) {
  std::vector<std::shared_ptr<Session>> all;
  for (const auto& [id, session] : sessions_) all.push_back(session);
  for (const auto& [key, session] : starting_) all.push_back(session);
  for (const auto& session : all) session->tick(now_ms);
  stateless_->tick(now_ms);
}

void Endpoint::end(std::string_view why) {
  std::vector<std::shared_ptr<Session>> all;
  for (const auto& [id, session] : sessions_) all.push_back(session);
  for (const auto& [key, session] : starting_) all.push_back(session);
  for (const auto& session : all) session->end(why);
  stateless_->end(why);
}

}  // namespace agentos::mcp_http
