// Order, boundaries, bounds, end of stream and waiters of a queue, alone and under several threads.
#include "lib/ipc/pipe.h"

#include <array>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace agentos::ipc {
namespace {

std::string received(Queue& queue) {
  auto message = queue.receive();
  if (!message) return "error " + std::to_string(static_cast<int>(message.error().code));
  if (!*message) return "end";
  return (*message)->content;
}

// Blocks a test thread until a waiter was called.
class Signal {
 public:
  void raise() {
    std::lock_guard lock(mutex_);
    raised_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return raised_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool raised_ = false;
};

TEST(Pipe, takes_from_the_pool_what_it_holds_and_gives_all_of_it_back) {
  Pool pool(1'000);
  {
    auto queue = std::make_shared<Queue>(Limits{.messages_max = 16, .pool = &pool});
    auto read = std::make_unique<ReadEnd>(queue);
    const WriteEnd write(queue);
    ASSERT_TRUE(queue->send(std::string(400, 'x'), "a", 1).has_value());
    EXPECT_LT(pool.left(), 600);
    EXPECT_EQ(queue->send(std::string(500, 'x'), "a", 2).error().code, ErrorCode::kNoSpace);
    EXPECT_EQ(queue->size(), 1U);
    ASSERT_TRUE(queue->receive().has_value());
    EXPECT_EQ(pool.left(), 1'000);
    ASSERT_TRUE(queue->send(std::string(400, 'x'), "a", 3).has_value());
    read.reset();  // what nobody will read is dropped
    EXPECT_EQ(pool.left(), 1'000);
  }
  {
    Queue forgotten(Limits{.pool = &pool});
    ASSERT_TRUE(forgotten.send("x", "a", 1).has_value());
  }
  EXPECT_EQ(pool.left(), 1'000);
}

TEST(Pipe, messages_keep_order_and_boundary) {
  Queue queue;
  for (const char* text : {"one", "", "two words", "3"}) ASSERT_TRUE(queue.send(text, "agent-1", 7));
  EXPECT_EQ(queue.size(), 4u);
  EXPECT_EQ(queue.bytes(), 13u);
  EXPECT_EQ(received(queue), "one");
  EXPECT_EQ(received(queue), "");
  auto third = queue.receive();
  ASSERT_TRUE(third && *third);
  EXPECT_EQ((*third)->content, "two words");
  EXPECT_EQ((*third)->sender, "agent-1");
  EXPECT_EQ((*third)->sent_at_us, 7);
  EXPECT_EQ((*third)->sequence, 3u);
  EXPECT_EQ(received(queue), "3");
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST(Pipe, an_empty_queue_would_block) {
  Queue queue;
  queue.add_writer();
  EXPECT_EQ(queue.receive().error().code, kWouldBlock);
}

TEST(Pipe, a_full_queue_refuses_and_does_not_grow) {
  Queue queue({.messages_max = 2, .bytes_max = 100, .message_bytes_max = 100});
  ASSERT_TRUE(queue.send("a", "x", 0));
  ASSERT_TRUE(queue.send("b", "x", 0));
  EXPECT_EQ(queue.send("c", "x", 0).error().code, kWouldBlock);
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_EQ(received(queue), "a");
  ASSERT_TRUE(queue.send("d", "x", 0));
  EXPECT_EQ(received(queue), "b");
  EXPECT_EQ(received(queue), "d");
}

TEST(Pipe, octets_are_bounded_too) {
  Queue queue({.messages_max = 100, .bytes_max = 10, .message_bytes_max = 8});
  EXPECT_EQ(queue.send(std::string(9, 'x'), "x", 0).error().code, ErrorCode::kTooLarge);
  ASSERT_TRUE(queue.send(std::string(8, 'x'), "x", 0));
  EXPECT_EQ(queue.send("abc", "x", 0).error().code, kWouldBlock);
  ASSERT_TRUE(queue.send("ab", "x", 0));
  EXPECT_EQ(queue.bytes(), 10u);
}

TEST(Pipe, a_message_that_could_never_fit_is_too_large) {
  Queue queue({.messages_max = 4, .bytes_max = 5, .message_bytes_max = 50});
  EXPECT_EQ(queue.send("123456", "x", 0).error().code, ErrorCode::kTooLarge);
}

TEST(Pipe, end_of_stream_comes_after_what_is_queued) {
  auto queue = std::make_shared<Queue>();
  {
    WriteEnd writer(queue);
    WriteEnd second(writer);
    ASSERT_TRUE(queue->send("last", "x", 0));
  }
  EXPECT_EQ(received(*queue), "last");
  EXPECT_EQ(received(*queue), "end");
  EXPECT_EQ(received(*queue), "end");
}

TEST(Pipe, a_copy_keeps_the_stream_open) {
  auto queue = std::make_shared<Queue>();
  auto first = std::make_unique<WriteEnd>(queue);
  WriteEnd second(*first);
  first.reset();
  EXPECT_EQ(queue->receive().error().code, kWouldBlock);
}

TEST(Pipe, a_queue_without_its_first_ends_is_open) {
  Queue queue;
  EXPECT_EQ(queue.receive().error().code, kWouldBlock);
  EXPECT_TRUE(queue.send("early", "x", 0));
}

TEST(Pipe, the_last_reader_takes_the_messages_with_it) {
  auto queue = std::make_shared<Queue>();
  WriteEnd writer(queue);
  {
    ReadEnd reader(queue);
    ASSERT_TRUE(queue->send("unread", "x", 0));
  }
  EXPECT_EQ(queue->size(), 0u);
  EXPECT_EQ(queue->bytes(), 0u);
  EXPECT_EQ(queue->send("more", "x", 0).error().code, ErrorCode::kClosed);
}

TEST(Pipe, a_waiter_is_called_once_when_a_message_comes) {
  Queue queue;
  int calls = 0;
  ASSERT_TRUE(queue.when_readable([&] { ++calls; }));
  EXPECT_EQ(calls, 0);
  ASSERT_TRUE(queue.send("a", "x", 0));
  ASSERT_TRUE(queue.send("b", "x", 0));
  EXPECT_EQ(calls, 1);
}

TEST(Pipe, a_waiter_is_called_at_once_when_it_need_not_wait) {
  Queue queue({.messages_max = 1});
  int calls = 0;
  ASSERT_TRUE(queue.when_writable([&] { ++calls; }));
  EXPECT_EQ(calls, 1);
  ASSERT_TRUE(queue.send("a", "x", 0));
  ASSERT_TRUE(queue.when_readable([&] { ++calls; }));
  EXPECT_EQ(calls, 2);
}

TEST(Pipe, a_writer_is_woken_by_room_and_by_the_last_reader) {
  auto queue = std::make_shared<Queue>(Limits{.messages_max = 1});
  auto reader = std::make_unique<ReadEnd>(queue);
  ASSERT_TRUE(queue->send("a", "x", 0));
  int calls = 0;
  ASSERT_TRUE(queue->when_writable([&] { ++calls; }));
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(received(*queue), "a");
  EXPECT_EQ(calls, 1);
  ASSERT_TRUE(queue->send("b", "x", 0));
  ASSERT_TRUE(queue->when_writable([&] { ++calls; }));
  EXPECT_EQ(calls, 1);
  reader.reset();
  EXPECT_EQ(calls, 2);
}

TEST(Pipe, a_reader_is_woken_by_end_of_stream) {
  auto queue = std::make_shared<Queue>();
  auto writer = std::make_unique<WriteEnd>(queue);
  std::string seen;
  ASSERT_TRUE(queue->when_readable([&] { seen = received(*queue); }));
  writer.reset();
  EXPECT_EQ(seen, "end");
}

TEST(Pipe, a_writer_waits_until_the_largest_message_fits) {
  Queue queue({.messages_max = 10, .bytes_max = 10, .message_bytes_max = 6});
  ASSERT_TRUE(queue.send("12345", "x", 0));
  ASSERT_TRUE(queue.send("1", "x", 0));
  EXPECT_EQ(queue.send("12345", "x", 0).error().code, kWouldBlock);
  int calls = 0;
  ASSERT_TRUE(queue.when_writable([&] { ++calls; }));
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(received(queue), "12345");
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(queue.send("123456", "x", 0));
}

TEST(Pipe, a_waiter_may_use_the_queue) {
  Queue queue;
  std::string seen;
  ASSERT_TRUE(queue.when_readable([&] { seen = received(queue) + received(queue); }));
  queue.add_writer();
  ASSERT_TRUE(queue.send("a", "x", 0));
  EXPECT_EQ(seen, "aerror -106");
}

TEST(Pipe, a_waiter_may_destroy_the_queue) {
  auto queue = std::make_unique<Queue>();
  ASSERT_TRUE(queue->when_readable([&] { queue.reset(); }));
  ASSERT_TRUE(queue->send("a", "x", 0));
  EXPECT_EQ(queue, nullptr);
}

TEST(Pipe, a_cancelled_waiter_is_not_called) {
  Queue queue;
  bool called = false;
  const auto waiter = queue.when_readable([&] { called = true; });
  ASSERT_TRUE(waiter);
  queue.cancel(*waiter);
  queue.cancel(*waiter);
  queue.cancel(12345);
  ASSERT_TRUE(queue.send("a", "x", 0));
  EXPECT_FALSE(called);
}

TEST(Pipe, waiters_are_bounded) {
  Queue queue;
  for (int i = 0; i < 256; ++i) ASSERT_TRUE(queue.when_readable([] {}));
  EXPECT_EQ(queue.when_readable([] {}).error().code, ErrorCode::kBusy);
  ASSERT_TRUE(queue.send("a", "x", 0));
  ASSERT_TRUE(queue.receive());
  EXPECT_TRUE(queue.when_readable([] {}));
}

// Sends, waiting for room when the queue is full.
void send_waiting(Queue& queue, std::string content, const std::string& sender) {
  while (true) {
    if (queue.send(content, sender, 0)) return;
    auto room = std::make_shared<Signal>();
    if (queue.when_writable([room] { room->raise(); })) room->wait();
  }
}

TEST(PipeThreads, every_message_of_every_sender_arrives_once_and_in_its_order) {
  constexpr int kSenders = 4;
  constexpr int kMessages = 2000;
  auto queue = std::make_shared<Queue>(Limits{.messages_max = 16, .bytes_max = 1024, .message_bytes_max = 64});
  ReadEnd reader(queue);
  std::vector<std::unique_ptr<WriteEnd>> ends;
  for (int i = 0; i < kSenders; ++i) ends.push_back(std::make_unique<WriteEnd>(queue));
  std::vector<std::thread> senders;
  for (int i = 0; i < kSenders; ++i) {
    senders.emplace_back([&queue, end = std::move(ends[static_cast<std::size_t>(i)]), i] {
      for (int n = 0; n < kMessages; ++n) send_waiting(*queue, std::to_string(n), std::to_string(i));
    });
  }
  ends.clear();
  std::map<std::string, int> next;
  std::uint64_t sequence = 0;
  while (true) {
    auto message = queue->receive();
    if (!message) {
      auto some = std::make_shared<Signal>();
      ASSERT_TRUE(queue->when_readable([some] { some->raise(); }));
      some->wait();
      continue;
    }
    if (!*message) break;
    EXPECT_EQ((*message)->sequence, ++sequence);
    EXPECT_EQ((*message)->content, std::to_string(next[(*message)->sender]++));
    if (sequence == kSenders * kMessages) break;
  }
  for (auto& sender : senders) sender.join();
  senders.clear();  // with the write ends they held
  EXPECT_EQ(sequence, static_cast<std::uint64_t>(kSenders * kMessages));
  EXPECT_EQ(received(*queue), "end");
}

TEST(PipeThreads, several_readers_share_the_messages) {
  constexpr int kMessages = 4000;
  Queue queue({.messages_max = 32});
  queue.add_writer();
  std::atomic<int> sum{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (true) {
        auto message = queue.receive();
        if (message && !*message) return;
        if (message) {
          sum += std::stoi((*message)->content);
          continue;
        }
        auto some = std::make_shared<Signal>();
        if (queue.when_readable([some] { some->raise(); })) some->wait();
      }
    });
  }
  for (int n = 1; n <= kMessages; ++n) send_waiting(queue, std::to_string(n), "x");
  queue.remove_writer();
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(sum.load(), kMessages * (kMessages + 1) / 2);
}

TEST(PipeThreads, a_waiter_is_either_called_once_or_cancelled) {
  for (int round = 0; round < 500; ++round) {
    Queue queue;
    auto calls = std::make_shared<std::atomic<int>>(0);
    const auto waiter = queue.when_readable([calls] { ++*calls; });
    ASSERT_TRUE(waiter);
    std::thread sender([&] { (void)queue.send("a", "x", 0); });
    std::thread canceller([&] { queue.cancel(*waiter); });
    sender.join();
    canceller.join();
    EXPECT_LE(calls->load(), 1);
    EXPECT_EQ(queue.size(), 1u);
  }
}

TEST(PipeThreads, ends_may_come_and_go_while_others_use_the_queue) {
  auto queue = std::make_shared<Queue>(Limits{.messages_max = 8});
  ReadEnd reader(queue);
  WriteEnd keep(queue);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([queue, keep] {
      for (int n = 0; n < 500; ++n) {
        WriteEnd mine(keep);
        (void)mine.queue().send("m", "x", 0);
        (void)queue->receive();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  threads.clear();
  while (queue->size() > 0) (void)queue->receive();
  EXPECT_EQ(queue->receive().error().code, kWouldBlock);
}

}  // namespace
}  // namespace agentos::ipc
