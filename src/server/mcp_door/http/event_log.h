// EventLog: what was said on one stream of a session, kept within bounds so that a client that lost its connection can
// go on where it was. An event's id is STREAM-NUMBER; number 0 is before the first.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/mcp_door/http/exchange.h"

namespace agentos::mcp_http {

struct EventPlace {
  std::uint64_t stream = 0;
  std::uint64_t event = 0;
};
std::optional<EventPlace> read_event_id(std::string_view id);

class EventLog {
 public:
  static constexpr std::int64_t kRetryMs = 1000;

  EventLog(std::uint64_t stream, std::size_t events_max) : stream_(stream), events_max_(events_max) {}

  // One message. It goes to the connection that is there, or waits for one.
  void add(std::string_view line);
  // The connection events go to from now on: all that none was there for before. The one before is finished.
  enum class Priming : std::uint8_t { kNo, kYes };
  void attach(std::shared_ptr<Exchange> exchange, const std::vector<std::pair<std::string, std::string>>& fields,
              Priming priming);
  // The same, from behind `event` on. False: events behind it are kept no more.
  bool can_resume(std::uint64_t event) const { return event + 1 >= first_ && event < next_; }
  void resume(std::shared_ptr<Exchange> exchange, const std::vector<std::pair<std::string, std::string>>& fields,
              std::uint64_t event);
  void detach();  // the connection has gone
  void finish();  // nothing more will be said
  void comment();
  void drop_oldest();

  std::uint64_t stream() const { return stream_; }
  bool is_attached() const { return exchange_ != nullptr; }
  const Exchange* exchange() const { return exchange_.get(); }
  bool finished() const { return finished_; }
  std::size_t bytes() const { return bytes_; }
  std::uint64_t last() const { return next_ - 1; }
  std::int64_t said_ms = 0;  // when something was last written: the owner's

 private:
  std::string id_of(std::uint64_t event) const { return std::to_string(stream_) + "-" + std::to_string(event); }
  void send_from(std::uint64_t event, std::string out);

  const std::uint64_t stream_;
  const std::size_t events_max_;
  std::deque<std::string> kept_;
  std::size_t bytes_ = 0;
  std::uint64_t first_ = 1;   // number of kept_.front()
  std::uint64_t next_ = 1;    // of the next event
  std::uint64_t unsent_ = 1;  // the first that no connection was given
  bool finished_ = false;
  std::shared_ptr<Exchange> exchange_;
};

}  // namespace agentos::mcp_http
