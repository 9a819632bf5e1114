// The reactor: one thread, in order, and never the poster's.
#include "kernel/reactor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace agentos::kernel {
namespace {

TEST(Reactor, a_flood_of_tasks_never_runs_on_the_posters_thread) {
  constexpr int kTasks = 200'000;
  Reactor reactor;
  std::promise<void> gate, all;
  reactor.post([&] { gate.get_future().wait(); });
  const std::thread::id poster = std::this_thread::get_id();
  std::atomic<int> on_poster{0}, ran{0};
  for (int i = 0; i < kTasks; ++i) {
    reactor.post([&] {
      on_poster += std::this_thread::get_id() == poster;
      if (++ran == kTasks) all.set_value();
    });
  }
  EXPECT_EQ(ran.load(), 0);
  gate.set_value();
  all.get_future().wait();
  EXPECT_EQ(on_poster.load(), 0);
}

TEST(Reactor, a_cancelled_timer_does_not_fire_and_others_do) {
  Reactor reactor;
  std::atomic<bool> cancelled_fired{false};
  std::promise<void> fired;
  const auto timer = reactor.after_ms(5, [&] { cancelled_fired = true; });
  reactor.cancel(timer);
  reactor.after_ms(20, [&] { fired.set_value(); });
  fired.get_future().wait();
  EXPECT_FALSE(cancelled_fired.load());
}

}  // namespace
}  // namespace agentos::kernel
