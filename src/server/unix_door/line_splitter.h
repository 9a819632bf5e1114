// LineSplitter: octets as they come, to lines of at most rpc::kLineBytesMax octets.
//
// Lines that arrive whole are handed on where they lie; only the beginning of an unfinished line, or what a paused
// connection has not looked at yet, is copied and kept. A line that is too long is reported once and skipped to its
// end, so it costs no memory and the connection goes on. Holds no memory between lines. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace agentos::unix_door {

class LineSplitter {
 public:
  enum class Step : std::uint8_t { kLine, kTooLong, kNeedMore };

  // Adds octets; `chunk` must stay where it is until settle().
  void feed(std::string_view chunk);
  // The next line, without its newline (a carriage return before it is dropped too); valid until the next call.
  Step next(std::string_view& line);
  // Copies what has not been looked at, so that the chunk may be reused.
  void settle();

  // Octets kept between chunks.
  std::size_t kept_bytes() const { return kept_.size() - kept_at_ + chunk_.size(); }
  // Place in the stream of the line that next() gave last: its first octet, and the one after its newline.
  std::uint64_t line_begin() const { return line_begin_; }
  std::uint64_t line_end() const { return line_end_; }
  std::uint64_t stream_end() const { return fed_; }
  // Whether a line has begun and not ended.
  bool unfinished() const { return kept_bytes() > 0 || skipping_; }

 private:
  bool skip_to_line_end();
  Step from_kept(std::string_view& line);
  Step from_chunk(std::string_view& line);

  std::string kept_;  // unread octets of earlier chunks, from kept_at_
  std::size_t kept_at_ = 0;
  std::size_t searched_ = 0;  // octets after kept_at_ known to hold no newline
  std::string_view chunk_;
  std::uint64_t fed_ = 0;
  std::uint64_t line_begin_ = 0;
  std::uint64_t line_end_ = 0;
  bool skipping_ = false;  // inside a line that was too long
};

}  // namespace agentos::unix_door
