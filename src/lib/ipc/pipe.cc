// The bounded message queue behind pipes and mailboxes. One mutex guards everything; waiters are moved out under it
// and called after it is released, so a waiter may use the queue, and even destroy it.
#include "lib/ipc/pipe.h"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace agentos::ipc {
namespace {
constexpr std::size_t kWaitersMax = 256;
constexpr std::size_t kMessageBytes = 128;  // what a message costs beside its content

// How many ends of one kind are open. A queue whose first end is yet to come is not closed: only an end that leaves
// closes it.
struct Ends {
  std::size_t open = 0;
  bool any_left = false;
  bool all_gone() const { return open == 0 && any_left; }
};

enum class Wants : std::uint8_t { kReadable, kWritable };
using Ready = std::function<void()>;
using ReadyList = std::vector<Ready>;

void call_all(const ReadyList& list) {
  for (const Ready& ready : list) ready();
}
}  // namespace

struct Queue::State {
  explicit State(Limits bounds) : limits(bounds) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { give(bytes, messages.size()); }

  struct Waiter {
    Wants wants;
    Ready ready;
  };

  const Limits limits;
  mutable std::mutex mutex;
  std::deque<Message> messages;
  std::size_t bytes = 0;
  std::uint64_t sequence = 0;
  Ends writers;
  Ends readers;
  std::map<std::uint64_t, Waiter> waiters;  // in order of arrival
  std::uint64_t waiter_last = 0;

  // The rest is called with the mutex held.
  bool fits(std::size_t size) const {
    return messages.size() < limits.messages_max && size <= limits.bytes_max - std::min(bytes, limits.bytes_max);
  }
  void give(std::size_t content, std::size_t count) const {
    if (limits.pool != nullptr) limits.pool->give(static_cast<std::int64_t>(content + count * kMessageBytes));
  }
  bool readable() const { return !messages.empty() || writers.all_gone(); }
  std::size_t message_max() const { return std::min(limits.message_bytes_max, limits.bytes_max); }
  // A waiter does not say how much it will send: room for the largest message, so that no sender wakes in vain.
  bool writable() const { return readers.all_gone() || fits(message_max()); }
  ReadyList take(Wants wants) {
    ReadyList taken;
    for (auto it = waiters.begin(); it != waiters.end();) {
      if (it->second.wants != wants) {
        ++it;
        continue;
      }
      taken.push_back(std::move(it->second.ready));
      it = waiters.erase(it);
    }
    return taken;
  }
  Result<std::uint64_t> wait(Wants wants, Ready ready);
};

Result<std::uint64_t> Queue::State::wait(Wants wants, Ready ready) {
  std::unique_lock lock(mutex);
  const std::uint64_t id = ++waiter_last;
  if (wants == Wants::kReadable ? readable() : writable()) {
    lock.unlock();
    ready();
    return id;
  }
  if (waiters.size() >= kWaitersMax) {
    return fail(ErrorCode::kBusy, fmt::format("{} callers wait on this queue", kWaitersMax), "try again later");
  }
  waiters.emplace(id, Waiter{wants, std::move(ready)});
  return id;
}

Queue::Queue(Limits limits) : state_(std::make_unique<State>(limits)) {}
Queue::~Queue() = default;

Status Queue::send(std::string content, std::string_view sender, std::int64_t now_us) {
  State& s = *state_;
  const std::size_t size_max = s.message_max();
  if (content.size() > size_max) {
    return fail(ErrorCode::kTooLarge, fmt::format("the message has {} octets", content.size()),
                fmt::format("a message has at most {} octets; split it or share a file", size_max));
  }
  ReadyList ready;
  {
    std::lock_guard lock(s.mutex);
    if (s.readers.all_gone()) return fail(ErrorCode::kClosed, "nobody is left to read from this queue");
    if (!s.fits(content.size())) {
      return fail(kWouldBlock, fmt::format("the queue is full: {} messages, {} octets", s.messages.size(), s.bytes),
                  "wait until it is writable");
    }
    if (s.limits.pool != nullptr && !s.limits.pool->take(static_cast<std::int64_t>(content.size() + kMessageBytes))) {
      return fail(ErrorCode::kNoSpace, "what agents of one family may hold in memory is used up",
                  "read pipes or unlink files, also of parents and children");
    }
    s.bytes += content.size();
    s.messages.push_back({std::move(content), std::string(sender), now_us, ++s.sequence});
    ready = s.take(Wants::kReadable);
  }
  call_all(ready);
  return {};
}

Result<std::optional<Message>> Queue::receive() {
  State& s = *state_;
  ReadyList ready;
  std::optional<Message> message;
  {
    std::lock_guard lock(s.mutex);
    if (s.messages.empty()) {
      if (s.writers.all_gone()) return std::optional<Message>{};
      return fail(kWouldBlock, "the queue is empty", "wait until it is readable");
    }
    message = std::move(s.messages.front());
    s.messages.pop_front();
    s.bytes -= message->content.size();
    s.give(message->content.size(), 1);
    if (s.writable()) ready = s.take(Wants::kWritable);
  }
  call_all(ready);
  return message;
}

Result<std::uint64_t> Queue::when_readable(std::function<void()> ready) {
  return state_->wait(Wants::kReadable, std::move(ready));
}

Result<std::uint64_t> Queue::when_writable(std::function<void()> ready) {
  return state_->wait(Wants::kWritable, std::move(ready));
}

void Queue::cancel(std::uint64_t waiter) {
  Ready dropped;  // destroyed after the lock: what it captured may use the queue
  std::lock_guard lock(state_->mutex);
  const auto found = state_->waiters.find(waiter);
  if (found == state_->waiters.end()) return;
  dropped = std::move(found->second.ready);
  state_->waiters.erase(found);
}

void Queue::add_writer() {
  std::lock_guard lock(state_->mutex);
  ++state_->writers.open;
}

void Queue::remove_writer() {
  ReadyList ready;
  {
    std::lock_guard lock(state_->mutex);
    CHECK(state_->writers.open > 0);
    --state_->writers.open;
    state_->writers.any_left = true;
    if (state_->readable()) ready = state_->take(Wants::kReadable);
  }
  call_all(ready);
}

void Queue::add_reader() {
  std::lock_guard lock(state_->mutex);
  ++state_->readers.open;
}

void Queue::remove_reader() {
  ReadyList ready;
  std::deque<Message> dropped;
  {
    std::lock_guard lock(state_->mutex);
    CHECK(state_->readers.open > 0);
    --state_->readers.open;
    state_->readers.any_left = true;
    if (state_->readers.all_gone()) {
      dropped.swap(state_->messages);
      state_->give(state_->bytes, dropped.size());
      state_->bytes = 0;
      ready = state_->take(Wants::kWritable);
    }
  }
  call_all(ready);
}

std::size_t Queue::size() const {
  std::lock_guard lock(state_->mutex);
  return state_->messages.size();
}

std::size_t Queue::bytes() const {
  std::lock_guard lock(state_->mutex);
  return state_->bytes;
}

ReadEnd::ReadEnd(std::shared_ptr<Queue> queue) : queue_(std::move(queue)) { queue_->add_reader(); }
ReadEnd::ReadEnd(const ReadEnd& other) : ReadEnd(other.queue_) {}
ReadEnd::~ReadEnd() { queue_->remove_reader(); }

WriteEnd::WriteEnd(std::shared_ptr<Queue> queue) : queue_(std::move(queue)) { queue_->add_writer(); }
WriteEnd::WriteEnd(const WriteEnd& other) : WriteEnd(other.queue_) {}
WriteEnd::~WriteEnd() { queue_->remove_writer(); }

}  // namespace agentos::ipc
