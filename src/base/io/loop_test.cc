// Readiness, timers and posting, and above all what may change while a batch of events is being handed out.
#include "base/io/loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>

#include <array>
#include <thread>

#include "base/io/socket.h"

namespace agentos::io {
namespace {

struct Pipe {
  Fd read_end;
  Fd write_end;
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0) {
      read_end = Fd(ends[0]);
      write_end = Fd(ends[1]);
    }
  }
  void put() const { EXPECT_EQ(::write(write_end.get(), "x", 1), 1); }
  void take() const {
    char c = 0;
    EXPECT_EQ(::read(read_end.get(), &c, 1), 1);
  }
};

std::unique_ptr<Loop> make_loop() {
  auto loop = Loop::make();
  EXPECT_TRUE(loop.has_value());
  return std::move(*loop);
}

TEST(Loop, calls_back_when_a_descriptor_is_ready) {
  const auto loop = make_loop();
  const Pipe pipe;
  int calls = 0;
  ASSERT_TRUE(loop->add(pipe.read_end.get(), EPOLLIN, [&](std::uint32_t events) {
    EXPECT_TRUE((events & EPOLLIN) != 0);
    pipe.take();
    ++calls;
  }));
  ASSERT_TRUE(loop->run_once(0));
  EXPECT_EQ(calls, 0);
  pipe.put();
  ASSERT_TRUE(loop->run_once(1000));
  EXPECT_EQ(calls, 1);
  ASSERT_TRUE(loop->modify(pipe.read_end.get(), 0));
  pipe.put();
  ASSERT_TRUE(loop->run_once(0));
  EXPECT_EQ(calls, 1);
  ASSERT_TRUE(loop->modify(pipe.read_end.get(), EPOLLIN));
  ASSERT_TRUE(loop->run_once(1000));
  EXPECT_EQ(calls, 2);
}

TEST(Loop, says_what_is_wrong_with_a_descriptor) {
  const auto loop = make_loop();
  const Pipe pipe;
  const auto nothing = [](std::uint32_t) {};
  EXPECT_EQ(loop->remove(pipe.read_end.get()).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(loop->modify(pipe.read_end.get(), 0).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(loop->add(pipe.read_end.get(), EPOLLIN, nothing));
  EXPECT_EQ(loop->add(pipe.read_end.get(), EPOLLIN, nothing).error().code, ErrorCode::kAlreadyExists);
  EXPECT_FALSE(loop->add(-1, EPOLLIN, nothing).has_value());
  EXPECT_TRUE(loop->remove(pipe.read_end.get()));
  EXPECT_TRUE(loop->add(pipe.read_end.get(), EPOLLIN, nothing));
}

TEST(Loop, a_descriptor_removed_in_a_callback_gets_no_event_of_the_same_batch) {
  const auto loop = make_loop();
  std::array<Pipe, 6> pipes;
  int calls = 0;
  for (const Pipe& pipe : pipes) {
    pipe.put();
    ASSERT_TRUE(loop->add(pipe.read_end.get(), EPOLLIN, [&](std::uint32_t) {
      ++calls;
      for (const Pipe& any : pipes) EXPECT_TRUE(loop->remove(any.read_end.get()));  // its own too
    }));
  }
  ASSERT_TRUE(loop->run_once(1000));
  EXPECT_EQ(calls, 1);
  ASSERT_TRUE(loop->run_once(0));
  EXPECT_EQ(calls, 1);
}

TEST(Loop, an_event_for_a_closed_descriptor_does_not_reach_its_successor) {
  const auto loop = make_loop();
  std::array<Pipe, 2> pipes;
  Pipe fresh;  // quiet; takes over the other's number
  int first_calls = 0;
  int successor_calls = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    pipes[i].put();
    ASSERT_TRUE(loop->add(pipes[i].read_end.get(), EPOLLIN, [&, i](std::uint32_t) {
      if (++first_calls > 1) return;
      const int other = pipes[1 - i].read_end.get();
      EXPECT_TRUE(loop->remove(other));
      ASSERT_EQ(::dup2(fresh.read_end.get(), other), other);
      EXPECT_TRUE(loop->add(other, EPOLLIN, [&](std::uint32_t) { ++successor_calls; }));
    }));
  }
  ASSERT_TRUE(loop->run_once(1000));
  EXPECT_EQ(first_calls, 1);
  EXPECT_EQ(successor_calls, 0);
  fresh.put();
  ASSERT_TRUE(loop->run_once(1000));
  EXPECT_EQ(successor_calls, 1);
}

TEST(Loop, timers_run_in_order_when_due) {
  FakeClock clock;
  auto loop = *Loop::make(clock);
  std::string order;
  loop->after_ms(20, [&] { order += 'b'; });
  loop->after_ms(10, [&] { order += 'a'; });
  const Loop::TimerId cancelled = loop->after_ms(15, [&] { order += 'x'; });
  loop->after_ms(20, [&] { order += 'c'; });
  EXPECT_TRUE(loop->cancel(cancelled));
  EXPECT_FALSE(loop->cancel(cancelled));
  ASSERT_TRUE(loop->run_once(0));
  EXPECT_EQ(order, "");
  clock.advance_us(10'000);
  ASSERT_TRUE(loop->run_once(0));
  EXPECT_EQ(order, "a");
  clock.advance_us(100'000);
  ASSERT_TRUE(loop->run_once(0));
  EXPECT_EQ(order, "abc");
}

TEST(Loop, timers_may_set_and_cancel_timers) {
  FakeClock clock;
  auto loop = *Loop::make(clock);
  int repeats = 0;
  bool cancelled_ran = false;
  Loop::TimerId later = 0;
  std::function<void()> again = [&] {
    ++repeats;
    loop->after_ms(0, again);
  };
  loop->after_ms(0, again);
  loop->after_ms(1, [&] { EXPECT_TRUE(loop->cancel(later)); });
  later = loop->after_ms(1, [&] { cancelled_ran = true; });
  ASSERT_TRUE(loop->run_once(0));
  EXPECT_EQ(repeats, 1);
  clock.advance_us(5000);
  ASSERT_TRUE(loop->run_once(0));
  EXPECT_EQ(repeats, 2);
  EXPECT_FALSE(cancelled_ran);
}

TEST(Loop, a_timer_ends_the_wait) {
  const auto loop = make_loop();
  loop->after_ms(5, [&] { loop->stop(); });
  EXPECT_TRUE(loop->run());
}

TEST(Loop, work_posted_by_threads_runs_once_and_in_order) {
  const auto loop = make_loop();
  constexpr int kEach = 500;
  std::array<int, 3> next{};
  int done = 0;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < next.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        loop->post([&, t, i] {
          EXPECT_EQ(next[t], i);
          next[t] = i + 1;
          if (++done == static_cast<int>(next.size()) * kEach) loop->stop();
        });
      }
    });
  }
  EXPECT_TRUE(loop->run());
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(done, 1500);
}

TEST(Loop, stops_from_another_thread_and_before_running) {
  const auto loop = make_loop();
  std::thread thread([&] { loop->stop(); });
  EXPECT_TRUE(loop->run());
  thread.join();
  loop->stop();
  EXPECT_TRUE(loop->run());
}

TEST(Loop, posted_work_may_post) {
  const auto loop = make_loop();
  loop->post([&] { loop->post([&] { loop->stop(); }); });
  EXPECT_TRUE(loop->run());
}

}  // namespace
}  // namespace agentos::io
