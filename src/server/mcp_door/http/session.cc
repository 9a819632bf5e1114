// See session.h.
#include "server/mcp_door/http/session.h"

#include <algorithm>
#include <utility>

#include "lib/mcp/event_stream.h"
#include "lib/mcp/http_headers.h"
#include "lib/mcp/metadata.h"
#include "server/mcp_door/http/answers.h"
#include "server/mcp_door/http/reply_head.h"

namespace agentos::mcp_http {
namespace {

constexpr std::size_t kAskedMax = 256;  // requests of the server side whose stream is remembered

std::string key_of(const mcp::Id& id) { return json::write(mcp::to_json(id)); }

// A stream whose client sends nothing more may have none any more; only something sent to it tells.
void probe_on_input_end(Exchange& exchange) {
  exchange.on_input_end = [&exchange] {
    std::string comment;
    mcp::write_comment(comment);
    exchange.send_events(comment);
  };
}

// What a server may ask or tell about while it works on it.
bool is_work(std::string_view method) {
  return method == "tools/call" || method == "prompts/get" || method == "resources/read" ||
         method == "completion/complete" || method.starts_with("tasks/");
}

}  // namespace

Session::Session(const Context& context, std::string id, std::shared_ptr<Pipe> pipe, Owner owner)
    : context_(context),
      id_(std::move(id)),
      pipe_(std::move(pipe)),
      owner_(std::move(owner)),
      apart_(0, context.limits.events_kept),
      used_ms_(context.now_ms()) {}

Session::~Session() { pipe_->close(); }

Fields Session::fields_of(const Exchange& exchange) const {
  Fields fields;
  context_.guard.allow_origin(exchange.request(), fields);
  return fields;
}

void Session::initialize(std::shared_ptr<Exchange> exchange, const mcp::Message& message, std::string_view line) {
  initialize_key_ = key_of(message.id);
  initializing_ = std::move(exchange);
  const std::weak_ptr<Session> weak = weak_from_this();
  initializing_->on_gone = [weak] {
    if (const auto self = weak.lock()) self->end("the client has gone");
  };
  const Status started =
      pipe_->start({.line =
                        [weak](std::string_view answer) {
                          if (const auto self = weak.lock()) self->take_line(answer);
                        },
                    .too_long =
                        [weak](std::string_view start) {
                          const auto self = weak.lock();
                          const auto id = id_of_start(start);
                          if (self == nullptr || !id) return;
                          std::string error;
                          mcp::write_error(error, *id, {mcp::kInternalError, "the answer is too long", {}});
                          error.pop_back();
                          self->take_line(error);
                        },
                    .end =
                        [weak] {
                          if (const auto self = weak.lock()) self->end("the server side has ended");
                        }});
  if (!started || !pipe_->send(line)) end("the server side has ended");
}

// ---- what the client says

bool Session::admit(const std::shared_ptr<Exchange>& exchange, const std::vector<mcp::Message>& messages) {
  std::set<std::string> fresh;
  for (const mcp::Message& message : messages) {
    if (message.kind != mcp::Message::Kind::kRequest) continue;
    const std::string key = key_of(message.id);
    if (requests_.contains(key) || !fresh.insert(key).second) {
      exchange->answer(error_answer(400, "a request with that \"id\" is under way already", message.id));
      return false;
    }
    if (requests_.size() + fresh.size() > context_.limits.requests) {
      exchange->answer(error_answer(503, "too many requests of this session are under way", message.id));
      return false;
    }
  }
  return true;
}

void Session::post(std::shared_ptr<Exchange> exchange, const std::vector<mcp::Message>& messages,
                   std::string_view line) {
  used_ms_ = context_.now_ms();
  if (!admit(exchange, messages)) return;
  if (!pipe_->send(line)) return exchange->answer(error_answer(503, "the server side does not keep up; try again"));
  const std::uint64_t number = next_stream_;
  Stream* stream = nullptr;
  for (const mcp::Message& message : messages) {
    if (message.kind == mcp::Message::Kind::kNotification) cancelled(message);
    if (message.kind != mcp::Message::Kind::kRequest) continue;
    if (stream == nullptr) {
      ++next_stream_;
      stream = &streams_.emplace(number, Stream(EventLog(number, context_.limits.events_kept))).first->second;
    }
    const std::string key = key_of(message.id);
    stream->unanswered.insert(key);
    stream->works = stream->works || is_work(message.method);
    requests_[key] = number;
    const json::Value* meta = mcp::meta_of(message.params);
    if (const json::Value* token = meta == nullptr ? nullptr : meta->find("progressToken")) {
      progress_[json::write(*token)] = number;
    }
  }
  if (stream == nullptr) {
    Answer accepted;
    accepted.status = 202;
    accepted.fields = fields_of(*exchange);
    return exchange->answer(std::move(accepted));
  }
  stream->batch = messages.size() > 1;
  stream->since_ms = used_ms_;
  exchange->on_gone = [weak = weak_from_this(), number] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    const auto found = self->streams_.find(number);
    if (found == self->streams_.end()) return;
    // Its request goes on: a client that lost its connection did not say that it should not.
    found->second.lost = found->second.waiting != nullptr;
    found->second.waiting.reset();
    found->second.log.detach();
  };
  stream->waiting = std::move(exchange);
}

// Taken back by the client: it wants no answer, and may get none.
void Session::cancelled(const mcp::Message& message) {
  if (message.method != "notifications/cancelled") return;
  const json::Value* named = message.params.find("requestId");
  const auto id = named == nullptr ? std::nullopt : mcp::id_of(*named);
  if (!id) return;
  const std::string key = key_of(*id);
  Stream* stream = stream_of(key, requests_);
  if (stream == nullptr) return;
  const std::uint64_t number = requests_[key];
  requests_.erase(key);
  stream->unanswered.erase(key);
  if (!stream->unanswered.empty()) return;
  if (stream->waiting != nullptr) begin(*stream);
  complete(number);
}

void Session::listen(std::shared_ptr<Exchange> exchange) {
  used_ms_ = context_.now_ms();
  if (const auto last = exchange->request().header("last-event-id"); last && !last->empty()) {
    return resume(std::move(exchange), *last);
  }
  exchange->on_gone = [weak = weak_from_this(), key = exchange.get()] {
    if (const auto self = weak.lock(); self != nullptr && self->apart_.exchange() == key) self->apart_.detach();
  };
  probe_on_input_end(*exchange);
  const Fields fields = fields_of(*exchange);
  apart_.said_ms = used_ms_;
  apart_.attach(std::move(exchange), fields, primes() ? EventLog::Priming::kYes : EventLog::Priming::kNo);
}

void Session::resume(std::shared_ptr<Exchange> exchange, std::string_view last) {
  const auto place = read_event_id(last);
  const auto found = place ? streams_.find(place->stream) : streams_.end();
  EventLog* log = place && place->stream == 0 ? &apart_ : nullptr;
  if (found != streams_.end()) log = &found->second.log;
  if (log == nullptr || (log != &apart_ && !log->can_resume(place->event))) {
    return exchange->answer(
        error_answer(400, "Last-Event-ID: there is no such event, or what came after it is kept no more"));
  }
  if (log->finished() && place->event == log->last()) {
    Answer nothing_left;
    nothing_left.status = 204;
    nothing_left.fields = fields_of(*exchange);
    return exchange->answer(std::move(nothing_left));
  }
  exchange->on_gone = [weak = weak_from_this(), stream = place->stream, key = exchange.get()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    const auto at = self->streams_.find(stream);
    EventLog* own = stream == 0 ? &self->apart_ : at == self->streams_.end() ? nullptr : &at->second.log;
    if (own != nullptr && own->exchange() == key) own->detach();
  };
  probe_on_input_end(*exchange);
  const Fields fields = fields_of(*exchange);
  log->said_ms = used_ms_;
  if (log->can_resume(place->event)) return log->resume(std::move(exchange), fields, place->event);
  log->attach(std::move(exchange), fields, primes() ? EventLog::Priming::kYes : EventLog::Priming::kNo);
}

// ---- what the server side says

void Session::take_line(std::string_view line) {
  const auto keep = shared_from_this();
  if (const auto head = reply_head(line)) {
    const std::string key = key_of(head->id);
    if (!ready_) {
      if (key == initialize_key_) initialized(line, head->is_error);
      return;
    }
    return answered(key, line);
  }
  auto messages = mcp::parse(line, mcp::Batches::kRefused);
  if (!messages || !ready_) return;  // nothing is said before the answer
  take_message(messages->front(), line);
}

void Session::initialized(std::string_view line, bool error) {
  auto messages = mcp::parse(line, mcp::Batches::kRefused);
  const auto exchange = std::exchange(initializing_, nullptr);
  if (exchange == nullptr) return;
  exchange->on_gone = nullptr;
  Answer answer = json_answer(line);
  answer.fields = fields_of(*exchange);
  if (error || !messages) {
    answer.status = 400;
    exchange->answer(std::move(answer));
    return end("it was not initialized");
  }
  revision_ = mcp::revision_of(messages->front().result.string_or("protocolVersion", "")).value_or(revision_);
  ready_ = true;
  used_ms_ = context_.now_ms();
  answer.fields.emplace_back(mcp::kHeaderSession, id_);
  if (owner_.ready) owner_.ready(*this);
  exchange->answer(std::move(answer));
}

void Session::take_message(const mcp::Message& message, std::string_view line) {
  Stream* stream = nullptr;
  if (message.kind == mcp::Message::Kind::kResponse) return answered(key_of(message.id), line);
  if (message.kind == mcp::Message::Kind::kRequest) {
    stream = working();
    if (asked_.size() >= kAskedMax) asked_.erase(asked_.begin());
    asked_[key_of(message.id)] = stream == nullptr ? 0 : stream->log.stream();
  } else if (message.method == "notifications/progress") {
    const json::Value* token = message.params.find("progressToken");
    if (token != nullptr) stream = stream_of(json::write(*token), progress_);
  } else if (message.method == "notifications/message") {
    stream = working();
  } else if (message.method == "notifications/cancelled") {
    const json::Value* id = message.params.find("requestId");
    if (id != nullptr) stream = stream_of(json::write(*id), asked_);
  }
  if (stream != nullptr) return say(*stream, line);
  apart_.add(line);
  prune();
}

Session::Stream* Session::stream_of(const std::string& key,
                                    const std::map<std::string, std::uint64_t, std::less<>>& in) {
  const auto number = in.find(key);
  if (number == in.end()) return nullptr;
  const auto found = streams_.find(number->second);
  return found == streams_.end() || found->second.log.finished() ? nullptr : &found->second;
}

// The oldest request a server may be working on whose client hears; else, when nobody listens apart, one that may come
// back.
Session::Stream* Session::working() {
  Stream* away = nullptr;
  for (auto& [number, stream] : streams_) {
    if (!stream.works || stream.log.finished() || stream.lost) continue;
    if (stream.waiting != nullptr || stream.log.is_attached()) return &stream;
    if (away == nullptr) away = &stream;
  }
  return apart_.is_attached() ? nullptr : away;
}

void Session::begin(Stream& stream) {
  const auto exchange = std::exchange(stream.waiting, nullptr);
  const Fields fields = fields_of(*exchange);
  probe_on_input_end(*exchange);
  stream.log.said_ms = context_.now_ms();
  stream.log.attach(exchange, fields, primes() ? EventLog::Priming::kYes : EventLog::Priming::kNo);
}

void Session::say(Stream& stream, std::string_view line) {
  if (stream.lost) return;
  if (stream.waiting != nullptr) begin(stream);
  stream.log.add(line);
  prune();
}

void Session::answered(const std::string& key, std::string_view line) {
  Stream* stream = stream_of(key, requests_);
  if (stream == nullptr) return;
  const std::uint64_t number = requests_[key];
  requests_.erase(key);
  stream->unanswered.erase(key);
  used_ms_ = context_.now_ms();
  if (stream->waiting != nullptr && stream->unanswered.empty() && !stream->batch) {
    const auto exchange = std::exchange(stream->waiting, nullptr);
    std::erase_if(progress_, [number](const auto& one) { return one.second == number; });
    streams_.erase(number);
    Answer answer = json_answer(line);
    answer.fields = fields_of(*exchange);
    return exchange->answer(std::move(answer));
  }
  say(*stream, line);
  if (stream->unanswered.empty()) complete(number);
}

void Session::complete(std::uint64_t number) {
  std::erase_if(progress_, [number](const auto& one) { return one.second == number; });
  const auto found = streams_.find(number);
  if (found == streams_.end()) return;
  found->second.log.finish();
  if (found->second.lost) streams_.erase(found);
  prune();
}

// Keeps what may be asked for again within its bounds: whole streams go first, oldest first, then single events.
void Session::prune() {
  std::size_t kept = 0;
  std::size_t bytes = apart_.bytes();
  for (const auto& [number, stream] : streams_) {
    kept += stream.log.finished() ? 1 : 0;
    bytes += stream.log.bytes();
  }
  const Limits& limits = context_.limits;
  for (auto it = streams_.begin();
       it != streams_.end() && (kept > limits.streams_kept || bytes > limits.event_bytes_kept);) {
    if (!it->second.log.finished()) {
      ++it;
      continue;
    }
    bytes -= it->second.log.bytes();
    --kept;
    it = streams_.erase(it);
  }
  for (auto& [number, stream] : streams_) {
    while (bytes > limits.event_bytes_kept && stream.log.bytes() > 0) {
      const std::size_t before = stream.log.bytes();
      stream.log.drop_oldest();
      bytes -= before - stream.log.bytes();
    }
  }
  while (bytes > limits.event_bytes_kept && apart_.bytes() > 0) {
    const std::size_t before = apart_.bytes();
    apart_.drop_oldest();
    bytes -= before - apart_.bytes();
  }
}

// ---- time and end

void Session::tick(std::int64_t now_ms) {
  const auto keep = shared_from_this();
  const Limits& limits = context_.limits;
  if (initializing_ != nullptr) {
    if (now_ms - used_ms_ > limits.open_ms) end("the server side did not answer in time");
    return;
  }
  bool in_use = apart_.is_attached() || !requests_.empty();
  const auto comment = [&](EventLog& log) {
    if (!log.is_attached() || now_ms - log.said_ms < limits.comment_ms) return;
    log.said_ms = now_ms;
    log.comment();
  };
  comment(apart_);
  for (auto& [number, stream] : streams_) {
    if (stream.waiting != nullptr && now_ms - stream.since_ms >= limits.events_after_ms) begin(stream);
    comment(stream.log);
    in_use = in_use || stream.log.is_attached();
  }
  if (in_use) used_ms_ = now_ms;
  if (now_ms - used_ms_ > limits.session_idle_ms) end("nobody used the session");
}

void Session::end(std::string_view why) {
  if (std::exchange(ended_, true)) return;
  const auto keep = shared_from_this();
  pipe_->close();
  ready_ = false;
  if (const auto exchange = std::exchange(initializing_, nullptr)) {
    exchange->on_gone = nullptr;
    exchange->answer(error_answer(502, "no session: " + std::string(why)));
  }
  for (auto& [number, stream] : streams_) {
    if (stream.waiting != nullptr) {
      stream.waiting->answer(error_answer(404, "the session has ended: " + std::string(why)));
      stream.waiting.reset();
    }
    if (!stream.log.finished()) stream.log.finish();
  }
  apart_.finish();
  requests_.clear();
  if (const auto ended = std::exchange(owner_.ended, nullptr)) ended(*this);
}

}  // namespace agentos::mcp_http
