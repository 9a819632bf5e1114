// See event_stream.h.
#include "lib/mcp/event_stream.h"

#include <algorithm>
#include <utility>

namespace agentos::mcp {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::size_t kRetryDigitsMax = 9;

}  // namespace

void write_event(std::string& out, std::string_view id, std::string_view data) {
  if (!id.empty()) {
    out += "id: ";
    out += id;
    out += '\n';
  }
  out += "data: ";
  out += data;
  out += "\n\n";
}

void write_priming_event(std::string& out, std::string_view id, std::int64_t retry_ms) {
  out += "id: ";
  out += id;
  out += "\nretry: " + std::to_string(retry_ms) + "\ndata:\n\n";
}

void write_comment(std::string& out) { out += ":\n\n"; }

EventReader::Step EventReader::next(Event& event) {
  if (too_long_) return Step::kTooLong;
  if (!begun_) {
    if (kept_.size() < kByteOrderMark.size() && kByteOrderMark.starts_with(kept_)) return Step::kNeedMore;
    if (kept_.starts_with(kByteOrderMark)) read_ = kByteOrderMark.size();
    begun_ = true;
  }
  for (;;) {
    if (after_cr_ && read_ < kept_.size()) {
      if (kept_[read_] == '\n') ++read_;
      after_cr_ = false;
    }
    const std::size_t end = kept_.find_first_of("\r\n", read_);
    if (end == std::string::npos) {
      kept_.erase(0, std::exchange(read_, 0));
      if (kept_.size() + event_.data.size() <= event_bytes_max_) return Step::kNeedMore;
      too_long_ = true;
      return Step::kTooLong;
    }
    const std::string_view line = std::string_view(kept_).substr(read_, end - read_);
    after_cr_ = kept_[end] == '\r';
    read_ = end + 1;
    if (!line.empty()) {
      if (event_.data.size() + line.size() > event_bytes_max_) {
        too_long_ = true;
        return Step::kTooLong;
      }
      take_field(line);
      continue;
    }
    const bool tells = has_data_ || has_id_ || event_.retry_ms >= 0;
    event = std::exchange(event_, {});
    if (has_data_) event.data.pop_back();  // the LF behind the last line
    event.id = last_id_;
    has_data_ = has_id_ = false;
    if (tells) return Step::kEvent;
  }
}

void EventReader::take_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "data") {
    event_.data += value;
    event_.data += '\n';
    has_data_ = true;
  } else if (name == "event") {
    event_.type = value;
  } else if (name == "id") {
    if (value.size() > kEventIdBytesMax || value.find('\0') != std::string_view::npos) return;
    last_id_ = value;
    has_id_ = true;
  } else if (name == "retry") {
    const bool digits = !value.empty() && value.size() <= kRetryDigitsMax &&
                        std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits) return;
    event_.retry_ms = 0;
    for (const char c : value) event_.retry_ms = event_.retry_ms * 10 + (c - '0');
  }
}

}  // namespace agentos::mcp
