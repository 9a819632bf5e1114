// Server-sent events as the streamable HTTP transport uses them: one JSON-RPC message an event.
//
// Written: fields `id`, `retry` and `data`, one line each, since a message is one line. Read: whatever the HTML
// standard allows (CR, LF and CR LF, comments, several data lines, a byte order mark), bounded. Source: the HTML
// standard, section 9.2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/mcp/message.h"

namespace agentos::mcp {

inline constexpr std::size_t kEventIdBytesMax = 256;

// Appends one event. `data` is one line without its end; `id` may be empty: none.
void write_event(std::string& out, std::string_view id, std::string_view data);
// An event with an id and no data, and how long a client waits before it comes back: so that it can come back at all.
void write_priming_event(std::string& out, std::string_view id, std::int64_t retry_ms);
// Appends a comment, which keeps a quiet stream from being taken for a dead one.
void write_comment(std::string& out);

struct Event {
  std::string type;  // empty: "message"
  std::string data;  // lines joined by LF
  std::string id;    // the last one seen on the stream
  std::int64_t retry_ms = -1;
};

// EventReader: octets of a stream as they come, to events. Keeps at most one event. One thread.
class EventReader {
 public:
  explicit EventReader(std::size_t event_bytes_max = kLineBytesMax) : event_bytes_max_(event_bytes_max) {}

  enum class Step : std::uint8_t { kEvent, kTooLong, kNeedMore };
  void feed(std::string_view chunk) { kept_ += chunk; }
  // The next event that has data, an id or a retry of its own. After kTooLong the stream is of no more use.
  Step next(Event& event);
  const std::string& last_id() const { return last_id_; }

 private:
  void take_field(std::string_view line);

  std::size_t event_bytes_max_;
  std::string kept_;
  std::size_t read_ = 0;
  bool begun_ = false;     // the byte order mark was looked for
  bool after_cr_ = false;  // a LF that comes now belongs to the line before
  bool too_long_ = false;
  Event event_;
  bool has_data_ = false, has_id_ = false;
  std::string last_id_;
};

}  // namespace agentos::mcp
