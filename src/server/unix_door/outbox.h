// Outbox: what one connection still has to send, lines in order, each with the descriptors that travel with it.
//
// A line that carries descriptors leaves in a sendmsg of its own, which starts at its first octet, so that the receiver
// can tell whose they are: descriptors belong to the line that holds the last octet received with them. Memory follows
// what is waiting: an empty outbox keeps at most kKeepBytes. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/io/fd.h"

namespace agentos::unix_door {

class Outbox {
 public:
  static constexpr std::size_t kKeepBytes = 1024;          // capacity an empty outbox may keep
  static constexpr std::size_t kCompactBytes = 64 * 1024;  // sent octets in front before they are dropped

  // Where the next line is appended. Use: `auto start = outbox.size(); ... outbox.text() += line;`.
  std::string& text() { return text_; }
  // The line that was appended since the outbox had `start` octets travels with `descriptors`.
  void attach(std::size_t start, std::vector<io::Fd> descriptors);

  std::size_t size() const { return text_.size() - sent_; }  // octets not sent
  bool empty() const { return size() == 0; }
  std::size_t attachments() const { return attachments_.size(); }  // lines not sent whole that carry descriptors

  enum class Flush : std::uint8_t { kSentAll, kWouldBlock, kBroken };
  Flush flush(int socket);
  // For a connection without a socket (tests, fuzzing): everything that waits.
  std::string take();

 private:
  struct Attachment {
    std::size_t begin;  // offsets into text_
    std::size_t end;
    std::vector<io::Fd> descriptors;
  };
  void consume(std::size_t octets);

  std::string text_;
  std::size_t sent_ = 0;
  std::vector<Attachment> attachments_;
};

}  // namespace agentos::unix_door
