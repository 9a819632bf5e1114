// See remote_server.h.
#include "lib/mcp/remote/remote_server.h"

#include <algorithm>
#include <utility>

#include "lib/mcp/metadata.h"

namespace agentos::mcp_remote {
namespace {

constexpr std::int64_t kGoodbyeMs = 2000;
constexpr std::size_t kErrorBytesShown = 200;

std::string one_line(std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  std::replace(line.begin(), line.end(), '\r', ' ');
  return line;
}

bool is_type(std::string_view field, std::string_view type) {
  std::string_view bare = field.substr(0, field.find(';'));
  while (bare.ends_with(' ')) bare.remove_suffix(1);
  return egress::same_name(bare, type);
}

bool is_modern_message(const mcp::Message& message) {
  const json::Value* meta = mcp::meta_of(message.params);
  return meta != nullptr && meta->find(mcp::kMetaVersion) != nullptr;
}

}  // namespace

// ---- to the server

void RemoteServer::take(std::string_view line) {
  auto messages = mcp::parse(line, mcp::Batches::kRefused);
  if (!messages || ending_) return;
  if (held_.size() >= kHeldMax) return client_.lost("the server does not take what it is sent");
  held_.emplace_back(std::move(messages->front()), std::string(line));
  send_held();
}

void RemoteServer::send_held() {
  while (holding_ == 0 && !held_.empty()) {
    auto [message, line] = std::move(held_.front());
    held_.pop_front();
    send(std::move(message), std::move(line));
  }
}

void RemoteServer::send(mcp::Message message, std::string line) {
  const bool modern = is_modern_message(message) ||
                      (version_.empty() && session_.empty() && message.kind != mcp::Message::Kind::kRequest);
  if (message.method == "notifications/cancelled") {
    cancel(message, modern);
    if (modern) return;
  }
  if (calls_.size() >= kCallsMax) {
    Call full;
    full.id = message.id;
    full.method = message.method;
    return refuse(full, "512 requests are under way already");
  }
  const std::uint64_t number = next_++;
  Call& call = calls_[number];
  call.modern = modern;
  call.holds = message.kind != mcp::Message::Kind::kRequest;
  if (message.kind == mcp::Message::Kind::kRequest) {
    call.id = message.id;
    call.method = message.method;
  } else {
    call.method.clear();
    holding_ = number;
  }
  const bool initialized = message.method == "notifications/initialized";
  call.http = HttpCall::start(loop_, tls_, url_, "POST", fields_of(message, modern), line, listener_of(number));
  if (initialized) listen({});
}

std::vector<mcp::HeaderField> RemoteServer::fields_of(const mcp::Message& message, bool modern) const {
  std::vector<mcp::HeaderField> out = fields_;
  out.push_back({"Content-Type", "application/json"});
  out.push_back({"Accept", "application/json, text/event-stream"});
  if (!modern) {
    if (!session_.empty()) out.push_back({std::string(mcp::kHeaderSession), session_});
    if (!version_.empty()) out.push_back({std::string(mcp::kHeaderVersion), version_});
    return out;
  }
  const json::Value* meta = mcp::meta_of(message.params);
  const std::string_view version = meta == nullptr ? std::string_view() : meta->string_or(mcp::kMetaVersion, "");
  out.push_back(
      {std::string(mcp::kHeaderVersion), std::string(version.empty() ? mcp::name_of(mcp::kNewestModern) : version)});
  static const std::vector<mcp::ParamHeader> kNone;
  const auto rules = message.method == "tools/call" ? rules_.find(message.params.string_or("name", "")) : rules_.end();
  for (mcp::HeaderField& field : mcp::headers_of(message, rules == rules_.end() ? kNone : rules->second)) {
    out.push_back(std::move(field));
  }
  return out;
}

// A request the client takes back is of no more interest; a modern server hears it by the end of the connection.
void RemoteServer::cancel(const mcp::Message& message, bool modern) {
  const json::Value* named = message.params.find("requestId");
  const auto id = named == nullptr ? std::nullopt : mcp::id_of(*named);
  for (auto it = calls_.begin(); id && it != calls_.end(); ++it) {
    if (it->second.method.empty() || it->second.id != *id || it->second.modern != modern) continue;
    if (it->second.http != nullptr) it->second.http->close();
    calls_.erase(it);
    return;
  }
}

void RemoteServer::listen(const std::string& last_event) {
  const std::uint64_t number = next_++;
  Call& call = calls_[number];
  call.last_event = last_event;
  call.body = Call::Body::kEvents;
  std::vector<mcp::HeaderField> fields = fields_;
  fields.push_back({"Accept", "text/event-stream"});
  if (!session_.empty()) fields.push_back({std::string(mcp::kHeaderSession), session_});
  if (!version_.empty()) fields.push_back({std::string(mcp::kHeaderVersion), version_});
  if (!last_event.empty()) fields.push_back({"Last-Event-ID", last_event});
  listening_ = number;
  call.http = HttpCall::start(loop_, tls_, url_, "GET", fields, {}, listener_of(number));
}

// A stream that broke before its answer goes on where it was. False: it cannot.
bool RemoteServer::resume(Call& call) {
  if (call.modern || call.last_event.empty() || call.resumes >= kResumesMax || ending_) return false;
  const std::uint64_t number = next_++;
  Call& again = calls_[number];
  again.id = call.id;
  again.method = call.method;
  again.last_event = call.last_event;
  again.retry_ms = call.retry_ms;
  again.resumes = call.resumes + 1;
  loop_.after_ms(call.retry_ms, [weak = weak_from_this(), number] {
    const auto self = weak.lock();
    const auto found = self == nullptr ? self->calls_.end() : self->calls_.find(number);
    if (self == nullptr || found == self->calls_.end()) return;
    std::vector<mcp::HeaderField> fields = self->fields_;
    fields.push_back({"Accept", "text/event-stream"});
    if (!self->session_.empty()) fields.push_back({std::string(mcp::kHeaderSession), self->session_});
    if (!self->version_.empty()) fields.push_back({std::string(mcp::kHeaderVersion), self->version_});
    fields.push_back({"Last-Event-ID", found->second.last_event});
    found->second.http =
        HttpCall::start(self->loop_, self->tls_, self->url_, "GET", fields, {}, self->listener_of(number));
  });
  return true;
}

// ---- from the server

HttpCall::Listener RemoteServer::listener_of(std::uint64_t number) {
  const std::weak_ptr<RemoteServer> weak = weak_from_this();
  return {.head =
              [weak, number](const Response& response) {
                if (const auto self = weak.lock()) self->head(number, response);
              },
          .body =
              [weak, number](std::string_view octets) {
                if (const auto self = weak.lock()) self->body(number, octets);
              },
          .end =
              [weak, number](const Status& status) {
                if (const auto self = weak.lock()) self->ended(number, status);
              }};
}

void RemoteServer::head(std::uint64_t number, const Response& response) {
  const auto found = calls_.find(number);
  if (found == calls_.end()) return;
  Call& call = found->second;
  call.status = response.status;
  const bool good = response.status >= 200 && response.status < 300;
  const std::string_view type = response.field("Content-Type");
  if (good && call.method == "initialize" && !response.field(mcp::kHeaderSession).empty()) {
    session_ = response.field(mcp::kHeaderSession);
  }
  if (response.status == 404 && !session_.empty() && !call.modern) return client_.lost("the session has ended");
  if (good && is_type(type, "text/event-stream")) {
    call.body = Call::Body::kEvents;
  } else if (good) {
    call.body = is_type(type, "application/json") ? Call::Body::kJson : Call::Body::kIgnored;
  } else {
    call.body = Call::Body::kError;
  }
}

void RemoteServer::body(std::uint64_t number, std::string_view octets) {
  const auto keep = shared_from_this();
  auto found = calls_.find(number);
  if (found == calls_.end() || found->second.body == Call::Body::kIgnored) return;
  if (found->second.body != Call::Body::kEvents) {
    std::string& text = found->second.text;
    if (text.size() <= mcp::kLineBytesMax) text += octets;
    return;
  }
  found->second.events.feed(octets);
  mcp::Event event;
  for (;;) {
    const auto step = found->second.events.next(event);
    if (step == mcp::EventReader::Step::kNeedMore) return;
    if (step == mcp::EventReader::Step::kTooLong) {
      const std::shared_ptr<HttpCall> http = found->second.http;
      const Call call = std::move(found->second);
      calls_.erase(found);
      if (http != nullptr) http->close();
      return refuse(call, "the server said more at once than the 4 MiB a message may have");
    }
    Call& call = found->second;
    if (event.retry_ms >= 0) call.retry_ms = std::min(std::max<std::int64_t>(event.retry_ms, 1), kRetryMsMax);
    if (!event.id.empty()) call.last_event = event.id;
    call.resumes = 0;
    if (!event.data.empty() && (event.type.empty() || event.type == "message")) say(call, event.data);
    found = calls_.find(number);
    if (found == calls_.end()) return;
  }
}

void RemoteServer::ended(std::uint64_t number, const Status& status) {
  const auto keep = shared_from_this();
  const auto found = calls_.find(number);
  if (found == calls_.end()) return;
  Call call = std::move(found->second);
  calls_.erase(found);
  if (number == holding_) {
    holding_ = 0;
    loop_.post([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->send_held();
    });
  }
  if (number == listening_) {
    listening_ = 0;
    if (call.body != Call::Body::kEvents || call.status != 200 || ending_) return;  // there is no such stream
    loop_.after_ms(call.retry_ms, [weak = weak_from_this(), last = call.last_event] {
      const auto self = weak.lock();
      if (self != nullptr && !self->ending_ && self->listening_ == 0) self->listen(last);
    });
    return;
  }
  if (call.method.empty() || call.answered) return;
  if (status && call.body == Call::Body::kJson && call.text.size() <= mcp::kLineBytesMax) say(call, call.text);
  if (call.answered) return;
  if (call.body == Call::Body::kEvents && resume(call)) return;
  if (!status) return refuse(call, status.error().message);
  if (call.body != Call::Body::kError) return refuse(call, "the server did not answer");
  auto messages = mcp::parse(call.text, mcp::Batches::kRefused);
  if (messages && messages->front().error) {
    std::string line;
    mcp::write_error(line, call.id, *messages->front().error);
    line.pop_back();
    return client_.say(line);
  }
  const std::string shown = json::to_valid_utf8(call.text.substr(0, kErrorBytesShown));
  refuse(call, "the server answered with HTTP status " + std::to_string(call.status) +
                   (shown.empty() ? std::string() : ": " + shown));
}

void RemoteServer::say(Call& call, std::string_view text) {
  std::string line = one_line(text);
  auto messages = mcp::parse(line, mcp::Batches::kAllowed);
  if (messages) {
    for (mcp::Message& message : *messages) {
      if (message.kind != mcp::Message::Kind::kResponse || call.method.empty() || message.id != call.id) continue;
      call.answered = true;
      learn(call, message, line);
    }
  }
  client_.say(line);
}

// What an answer says about the requests to come.
void RemoteServer::learn(Call& call, mcp::Message& answer, std::string& line) {
  if (call.method == "initialize") version_ = answer.result.string_or("protocolVersion", "");
  if (call.method != "tools/list" || !call.modern || !answer.result.is_object()) return;
  json::Value* tools = answer.result.as_object().find("tools");
  if (tools == nullptr || !tools->is_array()) return;
  // A tool that breaks the rules for fields is not offered; the others are.
  const std::size_t before = tools->as_array().size();
  std::erase_if(tools->as_array(), [this](const json::Value& tool) {
    const json::Value* schema = tool.find("inputSchema");
    if (schema == nullptr) return false;
    auto params = mcp::param_headers(*schema);
    if (!params) return true;
    const std::string name(tool.string_or("name", ""));
    if (params->empty()) {
      rules_.erase(name);
    } else if (rules_.size() < kToolsMax) {
      rules_[name] = std::move(*params);
    }
    return false;
  });
  if (tools->as_array().size() == before) return;
  line.clear();
  mcp::write_result(line, answer.id, answer.result);
  line.pop_back();
}

void RemoteServer::refuse(const Call& call, std::string message) {
  if (call.method.empty()) return;
  std::string line;
  mcp::write_error(line, call.id, {mcp::kInternalError, std::move(message), {}});
  line.pop_back();
  client_.say(line);
}

void RemoteServer::end(std::function<void()> done) {
  if (std::exchange(ending_, true)) return;
  for (auto& [number, call] : calls_) {
    if (call.http != nullptr) call.http->close();
  }
  calls_.clear();
  held_.clear();
  if (session_.empty()) return done();
  std::vector<mcp::HeaderField> fields = fields_;
  fields.push_back({std::string(mcp::kHeaderSession), session_});
  if (!version_.empty()) fields.push_back({std::string(mcp::kHeaderVersion), version_});
  loop_.after_ms(kGoodbyeMs, done);
  Call& goodbye = calls_[next_++];
  goodbye.http = HttpCall::start(loop_, tls_, url_, "DELETE", fields, {},
                                 {.head = {}, .body = {}, .end = [done](const Status&) { done(); }});
}

}  // namespace agentos::mcp_remote
