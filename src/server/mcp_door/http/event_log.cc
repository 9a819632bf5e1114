// See event_log.h.
#include "server/mcp_door/http/event_log.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "lib/mcp/event_stream.h"

namespace agentos::mcp_http {

std::optional<EventPlace> read_event_id(std::string_view id) {
  EventPlace place;
  const char* end = id.data() + id.size();
  const auto [dash, error] = std::from_chars(id.data(), end, place.stream);
  if (error != std::errc() || dash == end || *dash != '-') return std::nullopt;
  const auto [rest, second] = std::from_chars(dash + 1, end, place.event);
  if (second != std::errc() || rest != end) return std::nullopt;
  return place;
}

void EventLog::add(std::string_view line) {
  if (finished_) return;
  kept_.emplace_back(line);
  bytes_ += line.size();
  const std::uint64_t number = next_++;
  if (exchange_ != nullptr) {
    std::string out;
    mcp::write_event(out, id_of(number), line);
    unsent_ = next_;
    exchange_->send_events(out);
  }
  while (kept_.size() > events_max_) drop_oldest();
}

void EventLog::drop_oldest() {
  if (kept_.empty()) return;
  bytes_ -= kept_.front().size();
  kept_.pop_front();
  ++first_;
  unsent_ = std::max(unsent_, first_);
}

void EventLog::send_from(std::uint64_t event, std::string out) {
  for (std::uint64_t number = std::max(event, first_); number < next_; ++number) {
    mcp::write_event(out, id_of(number), kept_[number - first_]);
  }
  unsent_ = next_;
  if (!out.empty()) exchange_->send_events(out);
  if (finished_) std::exchange(exchange_, nullptr)->finish_events();
}

void EventLog::attach(std::shared_ptr<Exchange> exchange,
                      const std::vector<std::pair<std::string, std::string>>& fields, Priming priming) {
  if (exchange_ != nullptr) std::exchange(exchange_, nullptr)->finish_events();
  exchange_ = std::move(exchange);
  exchange_->begin_events(fields);
  std::string out;
  if (priming == Priming::kYes) mcp::write_priming_event(out, id_of(unsent_ - 1), kRetryMs);
  send_from(unsent_, std::move(out));
}

void EventLog::resume(std::shared_ptr<Exchange> exchange,
                      const std::vector<std::pair<std::string, std::string>>& fields, std::uint64_t event) {
  if (exchange_ != nullptr) std::exchange(exchange_, nullptr)->finish_events();
  exchange_ = std::move(exchange);
  exchange_->begin_events(fields);
  send_from(event + 1, {});
}

void EventLog::detach() { exchange_.reset(); }

void EventLog::finish() {
  finished_ = true;
  if (exchange_ != nullptr) std::exchange(exchange_, nullptr)->finish_events();
}

void EventLog::comment() {
  if (exchange_ == nullptr) return;
  std::string out;
  mcp::write_comment(out);
  exchange_->send_events(out);
}

}  // namespace agentos::mcp_http
