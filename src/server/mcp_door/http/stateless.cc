// See stateless.h.
#include "server/mcp_door/http/stateless.h"

#include <utility>

#include "lib/mcp/event_stream.h"
#include "lib/mcp/metadata.h"
#include "server/mcp_door/http/answers.h"

namespace agentos::mcp_http {
namespace {

// What the specification gives a status of its own; everything else is told with 200.
int status_of(std::int64_t code) {
  switch (code) {
    case mcp::kMethodNotFound:
      return 404;
    case mcp::kParseError:
    case mcp::kInvalidRequest:
    case mcp::kHeaderMismatch:
    case mcp::kMissingClientCapability:
    case mcp::kUnsupportedProtocolVersion:
      return 400;
    default:
      return 200;
  }
}

std::string_view without_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  return line;
}

mcp::HeaderLookup lookup_in(const Request& request) {
  return [&request](std::string_view name) { return request.header(name); };
}

json::Object& ensure_meta_of(json::Value& params) {
  json::Value& meta = params.as_object()["_meta"];
  if (!meta.is_object()) meta = json::Object{};
  return meta.as_object();
}

}  // namespace

Fields Stateless::fields_of(const Exchange& exchange) const {
  Fields fields;
  context_.guard.allow_origin(exchange.request(), fields);
  return fields;
}

// ---- in

void Stateless::request(std::shared_ptr<Exchange> exchange, mcp::Message message) {
  used_ms_ = context_.now_ms();
  if (flights_.size() >= context_.limits.requests) {
    return exchange->answer(error_answer(503, "too many requests are under way; try again", message.id));
  }
  const std::uint64_t number = next_number_++;
  Flight& flight = flights_[number];
  flight.exchange = std::move(exchange);
  flight.id = message.id;
  flight.since_ms = flight.said_ms = used_ms_;
  flight.listens = message.method == "subscriptions/listen";
  json::Object& meta = ensure_meta_of(message.params);
  if (json::Value* token = meta.find("progressToken"); token != nullptr) {
    flight.progress = std::move(*token);
    *token = number;
  }
  flight.logs = meta.find(mcp::kMetaLogLevel) != nullptr;
  flight.message = std::move(message);
  flight.exchange->on_gone = [weak = weak_from_this(), number] {
    if (const auto self = weak.lock()) self->gone(number);
  };
  flight.exchange->on_input_end = [weak = weak_from_this(), number] {
    const auto self = weak.lock();
    const auto found = self == nullptr ? self->flights_.end() : self->flights_.find(number);
    if (self == nullptr || found == self->flights_.end()) return;
    // Has it gone, or does it wait? Only something sent to it tells.
    if (!found->second.begun) self->begin(found->second);
    std::string comment;
    mcp::write_comment(comment);
    found->second.exchange->send_events(comment);
  };
  if (state_ == State::kClosed) return open();  // which passes on what waits
  if (state_ == State::kOpen) pass_on(number);
}

void Stateless::notification(const std::shared_ptr<Exchange>& exchange, const mcp::Message& message) {
  // Requests are taken back by closing their answer: whose request an id names could not be told here.
  if (state_ == State::kOpen && message.method != "notifications/cancelled") {
    std::string line;
    mcp::write_notification(line, message.method, message.params);
    (void)pipe_->send(line);
  }
  Answer accepted;
  accepted.status = 202;
  accepted.fields = fields_of(*exchange);
  exchange->answer(std::move(accepted));
}

void Stateless::pass_on(std::uint64_t number) {
  Flight& flight = flights_.at(number);
  if (flight.message.method == "tools/call" && !rules_known_) return ask_rules();
  if (flight.message.method == "tools/call") {
    const auto rules = rules_.find(flight.message.params.string_or("name", ""));
    const auto wrong = rules == rules_.end() ? std::nullopt
                                             : mcp::check_param_headers(flight.message, rules->second,
                                                                        lookup_in(flight.exchange->request()));
    if (wrong) {
      const auto exchange = std::move(flight.exchange);
      const mcp::Id id = flight.id;
      flights_.erase(number);
      return exchange->answer(error_answer(400, *wrong, id));
    }
  }
  std::string line;
  mcp::write_request(line, static_cast<std::int64_t>(number), flight.message.method, flight.message.params);
  flight.sent = true;
  flight.message = {};
  if (flight.listens) begin(flight);
  if (pipe_->send(line)) return;
  const auto exchange = std::move(flight.exchange);
  const mcp::Id id = flight.id;
  const bool begun = flight.begun;
  flights_.erase(number);
  if (begun) return exchange->finish_events();
  exchange->answer(error_answer(503, "the server side does not keep up; try again", id));
}

// ---- the server side

void Stateless::open() {
  state_ = State::kOpening;
  state_since_ms_ = context_.now_ms();
  open_([weak = weak_from_this()](Result<io::Fd> socket) {
    if (const auto self = weak.lock()) self->opened(std::move(socket));
  });
}

void Stateless::opened(Result<io::Fd> socket) {
  if (state_ != State::kOpening) return;
  if (!socket) {
    state_ = State::kClosed;
    return fail_all(502, socket.error().message);
  }
  const std::weak_ptr<Stateless> weak = weak_from_this();
  pipe_ = std::make_shared<Pipe>(context_.loop, context_.limits, std::move(*socket));
  const Status started =
      pipe_->start({.line =
                        [weak](std::string_view line) {
                          if (const auto self = weak.lock()) self->take_line(line);
                        },
                    .too_long =
                        [weak](std::string_view start) {
                          const auto self = weak.lock();
                          const auto id = id_of_start(start);
                          if (self == nullptr || !id) return;
                          std::string error;
                          mcp::write_error(error, *id, {mcp::kInternalError, "the answer is too long", {}});
                          self->take_line(without_end(error));
                        },
                    .end =
                        [weak] {
                          if (const auto self = weak.lock()) self->end("the server side has ended");
                        }});
  if (!started) return end("the server side cannot be used");
  state_ = State::kOpen;
  std::vector<std::uint64_t> waiting;
  for (const auto& [number, flight] : flights_) waiting.push_back(number);
  for (const std::uint64_t number : waiting) {
    if (state_ == State::kOpen && flights_.contains(number)) pass_on(number);
  }
}

bool Stateless::send_internal(std::uint64_t number, std::string_view method, json::Value params) {
  mcp::dress_request(params, {}, {});
  std::string line;
  mcp::write_request(line, static_cast<std::int64_t>(number), method, params);
  return pipe_->send(line);
}

// ---- what tools want in fields

void Stateless::ask_rules() {
  if (rules_request_ != 0) return;
  if (rules_listen_ == 0) {
    rules_listen_ = next_number_++;
    json::Object params;
    params["notifications"] = json::Object{{"toolsListChanged", true}};
    (void)send_internal(rules_listen_, "subscriptions/listen", json::Value(std::move(params)));
  }
  rules_request_ = next_number_++;
  rules_since_ms_ = context_.now_ms();
  if (!send_internal(rules_request_, "tools/list", json::Object{})) {
    rules_request_ = 0;
    rules_known_ = true;
    release_calls();
  }
}

void Stateless::take_rules(std::string_view line) {
  rules_request_ = 0;
  rules_.clear();
  auto messages = mcp::parse(line, mcp::Batches::kRefused);
  const json::Value* tools = messages ? messages->front().result.find("tools") : nullptr;
  if (tools != nullptr && tools->is_array()) {
    for (const json::Value& tool : tools->as_array()) {
      const json::Value* schema = tool.find("inputSchema");
      if (schema == nullptr || rules_.size() >= kToolsMax) continue;
      auto params = mcp::param_headers(*schema);
      if (params && !params->empty()) rules_[std::string(tool.string_or("name", ""))] = std::move(*params);
    }
  }
  rules_known_ = true;
  release_calls();
}

void Stateless::release_calls() {
  std::vector<std::uint64_t> waiting;
  for (const auto& [number, flight] : flights_) {
    if (!flight.sent) waiting.push_back(number);
  }
  for (const std::uint64_t number : waiting) {
    if (state_ == State::kOpen && flights_.contains(number)) pass_on(number);
  }
}

// ---- out

void Stateless::take_line(std::string_view line) {
  const auto keep = shared_from_this();
  if (const auto head = reply_head(line)) {
    const auto* number = std::get_if<std::int64_t>(&head->id);
    if (number == nullptr || *number < 1) return;
    if (static_cast<std::uint64_t>(*number) == rules_request_) return take_rules(line);
    return answered(static_cast<std::uint64_t>(*number), line, *head);
  }
  auto messages = mcp::parse(line, mcp::Batches::kRefused);
  if (messages && messages->front().kind == mcp::Message::Kind::kNotification) {
    take_notification(std::move(messages->front()), line);
  }
}

void Stateless::answered(std::uint64_t number, std::string_view line, const ReplyHead& head) {
  const auto found = flights_.find(number);
  if (found == flights_.end()) return;
  Flight& flight = found->second;
  const std::string text = with_id(line, head, flight.id);
  used_ms_ = context_.now_ms();
  const auto exchange = flight.exchange;
  if (flight.begun) {
    say(flight, text);
    flights_.erase(found);
    return exchange->finish_events();
  }
  flights_.erase(found);
  Answer answer = json_answer(text);
  answer.fields = fields_of(*exchange);
  if (head.is_error) {
    if (auto messages = mcp::parse(line, mcp::Batches::kRefused); messages && messages->front().error) {
      answer.status = status_of(messages->front().error->code);
    }
  }
  exchange->answer(std::move(answer));
}

void Stateless::take_notification(mcp::Message message, std::string_view line) {
  const auto flight_of = [this](const json::Value* value) {
    return value != nullptr && value->is_int() ? flights_.find(static_cast<std::uint64_t>(value->as_int()))
                                               : flights_.end();
  };
  const auto write = [&message] {
    std::string out;
    mcp::write_notification(out, message.method, message.params);
    return out;
  };
  if (message.method == "notifications/progress") {
    const auto found = flight_of(message.params.find("progressToken"));
    if (found == flights_.end() || found->second.progress.is_null()) return;
    message.params.as_object()["progressToken"] = found->second.progress;
    return say(found->second, without_end(write()));
  }
  if (message.method == "notifications/message") {
    for (auto& [number, flight] : flights_) {
      if (flight.logs && flight.sent && !flight.listens) return say(flight, line);
    }
    return;
  }
  const json::Value* meta = mcp::meta_of(message.params);
  const json::Value* subscription = meta == nullptr ? nullptr : meta->find(mcp::kMetaSubscription);
  if (subscription != nullptr && subscription->is_int() &&
      static_cast<std::uint64_t>(subscription->as_int()) == rules_listen_) {
    if (message.method == "notifications/tools/list_changed") ask_rules();
    return;
  }
  const auto found = flight_of(subscription);
  if (found == flights_.end() || !found->second.listens) return;
  ensure_meta_of(message.params)[mcp::kMetaSubscription] = mcp::to_json(found->second.id);
  say(found->second, without_end(write()));
}

void Stateless::begin(Flight& flight) {
  flight.begun = true;
  flight.said_ms = context_.now_ms();
  flight.exchange->begin_events(fields_of(*flight.exchange));
}

void Stateless::say(Flight& flight, std::string_view message) {
  if (!flight.begun) begin(flight);
  std::string out;
  mcp::write_event(out, {}, message);
  flight.exchange->send_events(out);
}

// The client has closed its answer, which takes the request back.
void Stateless::gone(std::uint64_t number) {
  const auto found = flights_.find(number);
  if (found == flights_.end()) return;
  const bool sent = found->second.sent;
  flights_.erase(found);
  if (!sent || state_ != State::kOpen) return;
  json::Object params;
  params["requestId"] = number;
  params["reason"] = "the client closed the connection";
  std::string line;
  mcp::write_notification(line, "notifications/cancelled", json::Value(std::move(params)));
  (void)pipe_->send(line);
}

// ---- time and end

void Stateless::tick(std::int64_t now_ms) {
  const auto keep = shared_from_this();
  const Limits& limits = context_.limits;
  if (state_ == State::kOpening && now_ms - state_since_ms_ > limits.open_ms) {
    state_ = State::kClosed;
    fail_all(504, "the server side was not there in time");
  }
  if (state_ == State::kOpen && !rules_known_ && rules_request_ != 0 && now_ms - rules_since_ms_ > kRulesWaitMs) {
    rules_known_ = true;
    release_calls();
  }
  for (auto& [number, flight] : flights_) {
    if (!flight.begun && now_ms - flight.since_ms >= limits.comment_ms) begin(flight);
    if (!flight.begun || now_ms - flight.said_ms < limits.comment_ms) continue;
    flight.said_ms = now_ms;
    std::string comment;
    mcp::write_comment(comment);
    flight.exchange->send_events(comment);
  }
  if (!flights_.empty()) used_ms_ = now_ms;
  if (state_ == State::kOpen && now_ms - used_ms_ > limits.session_idle_ms) end("nobody used it");
}

void Stateless::end(std::string_view why) {
  const auto keep = shared_from_this();
  if (pipe_ != nullptr) pipe_->close();
  pipe_.reset();
  state_ = State::kClosed;
  rules_.clear();
  rules_known_ = false;
  rules_request_ = rules_listen_ = 0;
  fail_all(502, why);
}

void Stateless::fail_all(int status, std::string_view why) {
  for (auto& [number, flight] : std::exchange(flights_, {})) {
    const auto exchange = flight.exchange;
    if (!flight.begun) {
      exchange->answer(error_answer(status, std::string(why), flight.id));
      continue;
    }
    std::string message;
    if (flight.listens) {
      // A subscription that ends gracefully ends with its answer.
      json::Object result{{"resultType", "complete"}};
      result["_meta"] = json::Object{{std::string(mcp::kMetaSubscription), mcp::to_json(flight.id)}};
      mcp::write_result(message, flight.id, json::Value(std::move(result)));
    } else {
      mcp::write_error(message, flight.id, {mcp::kInternalError, std::string(why), {}});
    }
    std::string out;
    mcp::write_event(out, {}, without_end(message));
    exchange->send_events(out);
    exchange->finish_events();
  }
}

}  // namespace agentos::mcp_http
