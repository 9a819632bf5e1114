// LineReader: octets of a stream as they come, to lines of at most kLineBytesMax octets (the stdio transport's
// framing).
//
// A line that is too long is told once, when it has ended, and costs no memory: its first and last octets are kept, so
// that who waits for it can be found and told. Keeps at most one line. One thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "lib/mcp/message.h"

namespace agentos::mcp {

class LineReader {
 public:
  explicit LineReader(std::size_t line_bytes_max = kLineBytesMax) : line_bytes_max_(line_bytes_max) {}

  enum class Step : std::uint8_t { kLine, kTooLong, kNeedMore };
  void feed(std::string_view chunk);
  // The next line without its end; valid until the next call of feed(). Empty lines are skipped.
  Step next(std::string_view& line);
  // Of the line that has not ended yet, kept or not.
  std::size_t unfinished_bytes() const { return skipping_ ? skipped_bytes_ : kept_.size() - read_; }
  bool unfinished() const { return read_ < kept_.size() || skipping_; }
  // Of the line that was too long: its beginning and its end, at most kEdgeBytes each, and its size.
  static constexpr std::size_t kEdgeBytes = 256;
  std::string_view skipped_head() const { return head_; }
  std::string_view skipped_tail() const { return tail_; }
  std::size_t skipped_bytes() const { return skipped_bytes_; }

 private:
  std::size_t line_bytes_max_;
  std::string kept_;
  std::size_t read_ = 0;      // of kept_, handed out
  std::size_t searched_ = 0;  // of kept_, known to hold no newline after read_
  void skip(std::string_view octets);

  bool skipping_ = false;
  bool skipped_ = false;  // and its end was seen: to be told
  std::string head_, tail_;
  std::size_t skipped_bytes_ = 0;
};

}  // namespace agentos::mcp
