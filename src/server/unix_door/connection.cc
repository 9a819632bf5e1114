// Reading requests, submitting them, and answering in whatever order answers come.
#include "server/unix_door/connection.h"

#include <algorithm>
#include <utility>

namespace agentos::unix_door {

namespace rpc = abi::rpc;

Connection::Connection(std::uint64_t number, std::shared_ptr<Surroundings> surroundings,
                       std::shared_ptr<abi::Session> session, const abi::SpeakerMaker* speakers)
    : number_(number), surroundings_(std::move(surroundings)), session_(std::move(session)), speakers_(speakers) {}

Connection::~Connection() = default;

void Connection::start() {
  std::weak_ptr<Connection> weak = weak_from_this();
  session_->on_notification([weak, surroundings = surroundings_](abi::Notification notification) {
    auto tell = [weak, notification = std::move(notification)] {
      const std::shared_ptr<Connection> self = weak.lock();
      if (self && !self->broken_) self->tell(notification);
    };
    if (surroundings->on_serving_thread()) return tell();
    surroundings->run_there(std::move(tell));
  });
  session_->on_close([weak, surroundings = surroundings_] {
    surroundings->run_there([weak] {
      if (const std::shared_ptr<Connection> self = weak.lock()) self->end();
    });
  });
}

void Connection::tell(const abi::Notification& notification) {
  if (speaker_ != nullptr) return speaker_->notified(notification);
  rpc::write_notification(outbox_.text(), notification.method, notification.params);
  wrote();
}

void Connection::end() {
  closing_ = true;
  surroundings_->touched(number_);
}

void Connection::close() {
  broken_ = true;
  in_flight_.clear();
  arrivals_.clear();
  session_.reset();
}

bool Connection::finished() const {
  if (broken_) return true;
  return (closing_ || (input_ended_ && !held_back_)) && in_flight_.empty() && outbox_.empty();
}

void Connection::receive(std::string_view chunk, std::vector<io::Fd> descriptors, Arrived arrived) {
  lines_.feed(chunk);
  if (!descriptors.empty() || arrived == Arrived::kDescriptorsLost) {
    arrivals_.push_back({lines_.stream_end() - 1, std::move(descriptors), arrived});
  }
  process();
}

void Connection::end_of_input() {
  input_ended_ = true;
  process();
}

void Connection::process() {
  held_back_ = false;
  const auto end_of_turn = std::chrono::steady_clock::now() + kTurn;
  for (bool first = true; !closing_ && !broken_; first = false) {
    if (outbox_full() || (!first && std::chrono::steady_clock::now() >= end_of_turn)) {
      held_back_ = lines_.unfinished();
      break;
    }
    std::string_view line;
    const LineSplitter::Step step = lines_.next(line);
    if (step == LineSplitter::Step::kNeedMore) break;
    if (step == LineSplitter::Step::kLine) {
      handle_line(line);
      continue;
    }
    std::vector<io::Fd> dropped;
    take_descriptors(dropped);
    if (speaker_ != nullptr) {
      speaker_->too_long();
      continue;
    }
    refuse({}, Error{abi::error::too_large, "a line is longer than 1048576 octets", "send big data in ranges"});
  }
  lines_.settle();
  if (input_ended_ && !held_back_ && !truncated_told_ && !closing_ && !broken_ && lines_.unfinished()) {
    truncated_told_ = true;
    refuse({}, Error{abi::error::malformed, "the last line ends without a newline", "end each message with \\n"});
  }
  surroundings_->touched(number_);
}

bool Connection::take_descriptors(std::vector<io::Fd>& out) {
  bool whole = true;
  std::size_t count = 0;
  while (count < arrivals_.size() && arrivals_[count].at < lines_.line_end()) {
    Arrival& arrival = arrivals_[count++];
    if (arrival.at < lines_.line_begin()) continue;  // of a line that was skipped
    whole = whole && arrival.arrived == Arrived::kWhole && out.size() + arrival.descriptors.size() <= kDescriptorsMax;
    if (!whole) break;
    std::move(arrival.descriptors.begin(), arrival.descriptors.end(), std::back_inserter(out));
  }
  std::erase_if(arrivals_, [this](const Arrival& arrival) { return arrival.at < lines_.line_end(); });
  if (!whole) out.clear();
  return whole;
}

void Connection::handle_line(std::string_view line) {
  std::vector<io::Fd> descriptors;
  const bool whole = arrivals_.empty() || take_descriptors(descriptors);
  if (speaker_ != nullptr) return speaker_->take(line);  // nothing it speaks of comes with descriptors: they are closed
  auto message = rpc::parse(line);
  const bool first = !std::exchange(begun_, true);
  if (first && message && hand_over(*message, line)) return;
  if (!message) return refuse(message.error().id, message.error().error);
  if (!whole) {
    return refuse(message->id, Error{abi::error::too_large, "more than 8 descriptors came with one request",
                                     "send at most 8 with SCM_RIGHTS"});
  }
  switch (message->kind) {
    case rpc::Message::Kind::kRequest:
      return handle_request(std::move(*message), std::move(descriptors));
    case rpc::Message::Kind::kNotification:
      return handle_notification(*message);
    case rpc::Message::Kind::kResponse:
      return refuse(message->id, Error{abi::error::invalid_request, "a response came, but nothing was asked", {}});
  }
}

void Connection::handle_request(rpc::Message message, std::vector<io::Fd> descriptors) {
  if (in_flight_.size() >= rpc::kInFlightMax) {
    return refuse(message.id, Error{abi::error::busy, "256 requests of this connection are not answered yet",
                                    "wait for replies before asking more"});
  }
  const bool taken =
      !std::holds_alternative<std::monostate>(message.id) &&
      std::any_of(in_flight_.begin(), in_flight_.end(), [&](const InFlight& other) { return other.id == message.id; });
  if (taken) {
    return refuse(message.id, Error{abi::error::invalid_request, "a request with this id is not answered yet",
                                    "give each request its own id"});
  }
  start_call(std::move(message.id), {}, std::move(message.method), std::move(message.params), std::move(descriptors));
}

bool Connection::hand_over(const rpc::Message& message, std::string_view line) {
  const bool asked = message.kind == rpc::Message::Kind::kRequest;
  if (speakers_ == nullptr || !*speakers_ || !asked || session_->agent().empty()) return false;
  speaker_ = (*speakers_)(message.method, message.params, *this);
  if (speaker_ != nullptr) speaker_->take(line);
  return speaker_ != nullptr;
}

void Connection::handle_notification(const rpc::Message& message) {
  if (message.method == "notifications/cancelled") {
    const json::Value* named = message.params.find("id");
    if (named == nullptr) named = message.params.find("requestId");  // as MCP spells it
    if (named == nullptr) return;
    const auto found = std::find_if(in_flight_.begin(), in_flight_.end(), [&](const InFlight& call) {
      const auto* number = std::get_if<std::int64_t>(&call.id);
      const auto* text = std::get_if<std::string>(&call.id);
      return (number != nullptr && named->is_int() && named->as_int() == *number) ||
             (text != nullptr && named->is_string() && named->as_string() == *text);
    });
    if (found != in_flight_.end()) session_->cancel(found->token);
    return;
  }
  if (message.method.starts_with("notifications/")) return;
  refuse({}, Error{abi::error::invalid_request, "\"" + message.method + "\" came without an id, so it was not made",
                   "give each request an id"});
}

void Connection::start_call(rpc::Id id, abi::CallDone done, std::string method, json::Value params,
                            std::vector<io::Fd> descriptors) {
  const std::uint64_t token = next_token_++;
  in_flight_.push_back({token, std::move(id), std::move(done)});
  session_->submit(token, std::move(method), std::move(params), std::move(descriptors),
                   [weak = weak_from_this(), token](abi::CallOutput output) {
                     if (const std::shared_ptr<Connection> self = weak.lock()) self->complete(token, std::move(output));
                   });
}

void Connection::complete(std::uint64_t token, abi::CallOutput output) {
  if (surroundings_->on_serving_thread()) return answer(token, std::move(output));
  surroundings_->run_there([self = shared_from_this(), token, output = std::move(output)]() mutable {
    self->answer(token, std::move(output));
  });
}

void Connection::answer(std::uint64_t token, abi::CallOutput output) {
  const auto found =
      std::find_if(in_flight_.rbegin(), in_flight_.rend(), [&](const InFlight& call) { return call.token == token; });
  if (found == in_flight_.rend()) return;
  const InFlight call = std::move(*found);
  in_flight_.erase(std::next(found).base());
  if (call.done) return call.done(std::move(output));
  const std::size_t start = outbox_.size();
  std::string& text = outbox_.text();
  const std::size_t text_start = text.size();
  if (output.status) {
    rpc::write_result(text, call.id, output.reply_json.empty() ? std::string_view("{}") : output.reply_json);
  } else {
    rpc::write_error(text, call.id, output.status.error(), output.denial);
  }
  if (text.size() - text_start > rpc::kLineBytesMax + 1) {
    text.resize(text_start);
    output.descriptors.clear();
    rpc::write_error(
        text, call.id,
        Error{abi::error::too_large, "the reply does not fit into a line of 1048576 octets", "ask for less at once"});
  }
  if (!output.descriptors.empty()) outbox_.attach(start, std::move(output.descriptors));
  wrote();
}

// ---- for a speaker

bool Connection::submit(const rpc::Id& request, std::string row, json::Value params, abi::CallDone done) {
  if (in_flight_.size() >= rpc::kInFlightMax) return false;
  start_call(request, std::move(done), std::move(row), std::move(params), {});
  return true;
}

bool Connection::is_under_way(const rpc::Id& request) const {
  return std::any_of(in_flight_.begin(), in_flight_.end(), [&](const InFlight& call) { return call.id == request; });
}

void Connection::cancel(const rpc::Id& request) {
  std::vector<std::uint64_t> tokens;
  for (const InFlight& call : in_flight_) {
    if (call.id == request) tokens.push_back(call.token);
  }
  for (const std::uint64_t token : tokens) session_->cancel(token);
}

void Connection::write(std::string_view lines, std::vector<io::Fd> descriptors) {
  const std::size_t start = outbox_.size();
  outbox_.text() += lines;
  if (!descriptors.empty()) outbox_.attach(start, std::move(descriptors));
  wrote();
}

void Connection::refuse(const rpc::Id& id, const Error& error) {
  session_->reject(error);
  answer_error(id, error);
}

void Connection::answer_error(const rpc::Id& id, const Error& error) {
  rpc::write_error(outbox_.text(), id, error);
  wrote();
}

void Connection::wrote() {
  if (outbox_.size() > kOutboxBytesMax) broken_ = true;
  surroundings_->touched(number_);
}

}  // namespace agentos::unix_door
