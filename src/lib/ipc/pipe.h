// Message pipes and mailboxes: bounded queues of whole messages with the sender stamped by the kernel.
//
// Order and message boundaries are kept; a full queue refuses (kWouldBlock), it never grows; when the last writing
// end closes, readers get what is queued and then end of stream. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/pool.h"

namespace agentos::ipc {

inline constexpr ErrorCode kWouldBlock = static_cast<ErrorCode>(-106);

struct Message {
  std::string content;
  std::string sender;  // agent id, written by the kernel
  std::int64_t sent_at_us = 0;
  std::uint64_t sequence = 0;  // per queue, from 1
};

struct Limits {
  std::size_t messages_max = 256;
  std::size_t bytes_max = 1 << 20;
  std::size_t message_bytes_max = 256 << 10;
  Pool* pool = nullptr;  // shared with others, outlives the queue; null: none
};

class Queue {
 public:
  explicit Queue(Limits limits = {});
  ~Queue();
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  // kTooLarge: beyond message_bytes_max. kWouldBlock: full. kClosed: no reader is left. kNoSpace: the pool is used up.
  Status send(std::string content, std::string_view sender, std::int64_t now_us);
  // A message; nullopt at end of stream (no writer left, queue empty); kWouldBlock when empty with writers.
  Result<std::optional<Message>> receive();
  // Calls `ready` once, from the thread that changes it, when receive() would no longer say kWouldBlock (at once
  // when that is so now). Returns an id for cancel(). At most 256 waiters (kBusy).
  Result<std::uint64_t> when_readable(std::function<void()> ready);
  Result<std::uint64_t> when_writable(std::function<void()> ready);
  void cancel(std::uint64_t waiter);

  void add_writer();
  void remove_writer();
  void add_reader();
  void remove_reader();  // the last one: queued messages are dropped, writers get kClosed

  std::size_t size() const;
  std::size_t bytes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One end, counted: copies add an end, destruction removes it.
class ReadEnd {
 public:
  explicit ReadEnd(std::shared_ptr<Queue> queue);
  ReadEnd(const ReadEnd& other);
  ReadEnd& operator=(const ReadEnd&) = delete;
  ~ReadEnd();
  Queue& queue() const { return *queue_; }
  const std::shared_ptr<Queue>& shared() const { return queue_; }

 private:
  std::shared_ptr<Queue> queue_;
};
class WriteEnd {
 public:
  explicit WriteEnd(std::shared_ptr<Queue> queue);
  WriteEnd(const WriteEnd& other);
  WriteEnd& operator=(const WriteEnd&) = delete;
  ~WriteEnd();
  Queue& queue() const { return *queue_; }
  const std::shared_ptr<Queue>& shared() const { return queue_; }

 private:
  std::shared_ptr<Queue> queue_;
};

}  // namespace agentos::ipc
