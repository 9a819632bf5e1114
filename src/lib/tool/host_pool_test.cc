// Host functions: results, exceptions, deadlines that do not wait, cancellation, and the bounds of threads and queue.
#include "lib/tool/host_pool.h"

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "lib/tool/outcome_fixture.h"

namespace agentos::tool {
namespace {

using Cancelled = std::atomic<bool>;
using SteadyClock = std::chrono::steady_clock;

Manifest host_tool(std::int64_t timeout_ms = 60'000) {
  Manifest manifest;
  manifest.name = "test";
  manifest.runs = Runs::kHost;
  manifest.timeout_ms = timeout_ms;
  return manifest;
}

// Holds functions until it is opened.
class Gate {
 public:
  void open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void wait_for(int waiting) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= waiting; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int waiting_ = 0;
};

TEST(HostPool, a_function_answers) {
  HostExecutors executors;
  auto executor = executors.make([](const json::Value& arguments, const Cancelled&) -> Result<json::Value> {
    return json::Value(arguments.int_or("n", 0) + 1);
  });
  const ToolResult result = run(*executor, host_tool(), json::Object{{"n", 41}});
  EXPECT_EQ(result.status, ToolResult::Status::kOk);
  EXPECT_EQ(result.value, json::Value(42));
  EXPECT_EQ(result.output_bytes, 2);
}

TEST(HostPool, errors_and_exceptions_become_texts) {
  HostExecutors executors;
  const auto text = [&](HostFunction function) {
    const ToolResult result = run(*executors.make(std::move(function)), host_tool(), json::Object{});
    EXPECT_EQ(result.status, ToolResult::Status::kFailed);
    return result.error;
  };
  EXPECT_EQ(text([](const json::Value&, const Cancelled&) -> Result<json::Value> {
              return fail(ErrorCode::kNotFound, "no such city", "try Paris");
            }),
            "NotFound: no such city (try Paris)");
  EXPECT_EQ(
      text([](const json::Value&, const Cancelled&) -> Result<json::Value> { throw std::out_of_range("too far"); }),
      "std::out_of_range: too far");
  EXPECT_EQ(text([](const json::Value&, const Cancelled&) -> Result<json::Value> { throw 7; }),
            "exception: the function threw something that is not a std::exception");
  const std::string long_text = text([](const json::Value&, const Cancelled&) -> Result<json::Value> {
    throw std::runtime_error(std::string(9000, '\xff'));
  });
  EXPECT_LE(long_text.size(), 4096u);
  EXPECT_TRUE(json::valid_utf8(long_text));
}

TEST(HostPool, a_result_beyond_the_bound_fails) {
  HostExecutors executors;
  Manifest manifest = host_tool();
  manifest.output_bytes_max = 10;
  auto executor = executors.make(
      [](const json::Value&, const Cancelled&) -> Result<json::Value> { return json::Value("0123456789"); });
  EXPECT_EQ(run(*executor, manifest, json::Object{}).error, "TooLarge: the result has 12 octets, more than 10");
}

TEST(HostPool, the_deadline_does_not_wait_for_the_function) {
  auto gate = std::make_shared<Gate>();
  HostExecutors executors;
  auto executor = executors.make([gate](const json::Value&, const Cancelled&) -> Result<json::Value> {
    gate->pass();
    return json::Value("late");
  });
  auto outcome = std::make_shared<Outcome>();
  const auto start = SteadyClock::now();
  const auto running = executor->execute(host_tool(), {json::Object{}, 50, ""}, Outcome::done_of(outcome));
  const ToolResult result = outcome->wait();
  EXPECT_EQ(result.status, ToolResult::Status::kTimedOut);
  EXPECT_EQ(result.error, "TimedOut: no result within 50 ms");
  EXPECT_GE(elapsed_ms(start), 50);
  EXPECT_LT(elapsed_ms(start), 5'000);
  gate->open();
  // The thread is free again; its late result went nowhere.
  EXPECT_EQ(run(*executor, host_tool(), json::Object{}).value, json::Value("late"));
  EXPECT_EQ(outcome->count(), 1);
}

TEST(HostPool, a_call_may_not_take_longer_than_its_manifest_says) {
  auto gate = std::make_shared<Gate>();
  HostExecutors executors;
  auto executor = executors.make([gate](const json::Value&, const Cancelled&) -> Result<json::Value> {
    gate->pass();
    return json::Value();
  });
  EXPECT_EQ(run(*executor, host_tool(30), json::Object{}, 1'000'000).status, ToolResult::Status::kTimedOut);
  EXPECT_EQ(run(*executor, host_tool(30), json::Object{}, 0).status, ToolResult::Status::kTimedOut);
  gate->open();
}

TEST(HostPool, cancelling_ends_the_call_and_tells_the_function) {
  HostExecutors executors;
  auto saw_cancel = std::make_shared<Gate>();
  auto started = std::make_shared<Gate>();
  started->open();
  auto executor = executors.make([=](const json::Value&, const Cancelled& cancelled) -> Result<json::Value> {
    started->pass();
    while (!cancelled) std::this_thread::yield();
    saw_cancel->open();
    return json::Value("late");
  });
  auto outcome = std::make_shared<Outcome>();
  const auto running = executor->execute(host_tool(), {json::Object{}, 0, ""}, Outcome::done_of(outcome));
  started->wait_for(1);
  running->cancel();
  EXPECT_EQ(outcome->wait().status, ToolResult::Status::kCancelled);
  saw_cancel->pass();
  running->cancel();
  EXPECT_EQ(outcome->count(), 1);
}

TEST(HostPool, a_queued_call_can_be_cancelled) {
  auto gate = std::make_shared<Gate>();
  HostExecutors executors;
  auto executor = executors.make([gate](const json::Value&, const Cancelled&) -> Result<json::Value> {
    gate->pass();
    return json::Value();
  });
  std::vector<std::shared_ptr<Outcome>> outcomes;
  std::shared_ptr<Running> last;
  for (std::size_t i = 0; i <= HostPool::kThreadsMax; ++i) {
    outcomes.push_back(std::make_shared<Outcome>());
    last = executor->execute(host_tool(), {json::Object{}, 0, ""}, Outcome::done_of(outcomes.back()));
  }
  gate->wait_for(HostPool::kThreadsMax);
  last->cancel();
  EXPECT_EQ(outcomes.back()->wait().status, ToolResult::Status::kCancelled);
  gate->open();
  for (const auto& outcome : outcomes) outcome->wait();
}

TEST(HostPool, threads_and_queue_are_bounded) {
  auto gate = std::make_shared<Gate>();
  auto running_now = std::make_shared<std::atomic<int>>(0);
  auto running_most = std::make_shared<std::atomic<int>>(0);
  HostExecutors executors;
  auto executor = executors.make([=](const json::Value&, const Cancelled&) -> Result<json::Value> {
    const int now = ++*running_now;
    int most = *running_most;
    while (now > most && !running_most->compare_exchange_weak(most, now)) {
    }
    gate->pass();
    --*running_now;
    return json::Value();
  });
  std::vector<std::shared_ptr<Outcome>> outcomes;
  const auto submit = [&] {
    outcomes.push_back(std::make_shared<Outcome>());
    executor->execute(host_tool(), {json::Object{}, 0, ""}, Outcome::done_of(outcomes.back()));
  };
  for (std::size_t i = 0; i < HostPool::kThreadsMax; ++i) submit();
  gate->wait_for(HostPool::kThreadsMax);
  for (std::size_t i = 0; i < HostPool::kQueueMax; ++i) submit();
  submit();
  EXPECT_EQ(outcomes.back()->count(), 1);
  EXPECT_EQ(outcomes.back()->wait().error, "Busy: too many calls wait for a thread");
  outcomes.pop_back();
  gate->open();
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome->wait().status, ToolResult::Status::kOk);
  EXPECT_EQ(running_most->load(), static_cast<int>(HostPool::kThreadsMax));
}

TEST(HostPool, a_queued_call_keeps_its_deadline_when_every_thread_is_stuck) {
  auto gate = std::make_shared<Gate>();
  HostExecutors executors;
  auto executor = executors.make([gate](const json::Value&, const Cancelled&) -> Result<json::Value> {
    gate->pass();
    return json::Value();
  });
  for (std::size_t i = 0; i < HostPool::kThreadsMax; ++i) {
    executor->execute(host_tool(), {json::Object{}, 0, ""}, [](ToolResult) {});
  }
  gate->wait_for(HostPool::kThreadsMax);
  EXPECT_EQ(run(*executor, host_tool(), json::Object{}, 20).status, ToolResult::Status::kTimedOut);
  gate->open();
}

TEST(HostPool, the_end_of_the_pool_ends_every_call) {
  auto outcome = std::make_shared<Outcome>();
  std::shared_ptr<Executor> executor;
  {
    HostExecutors executors;
    executor = executors.make([](const json::Value&, const Cancelled& cancelled) -> Result<json::Value> {
      while (!cancelled) std::this_thread::yield();
      return json::Value();
    });
    executor->execute(host_tool(), {json::Object{}, 0, ""}, Outcome::done_of(outcome));
  }
  EXPECT_EQ(outcome->wait().status, ToolResult::Status::kCancelled);
  EXPECT_EQ(run(*executor, host_tool(), json::Object{}).error, "Busy: the program is ending");
}

TEST(HostPool, many_callers_cancel_and_finish_at_once) {
  HostExecutors executors;
  auto executor =
      executors.make([](const json::Value& arguments, const Cancelled&) -> Result<json::Value> { return arguments; });
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&] {
      for (int i = 0; i < 300; ++i) {
        auto outcome = std::make_shared<Outcome>();
        const auto running =
            executor->execute(host_tool(), {json::Object{{"i", i}}, 1 + i % 3, ""}, Outcome::done_of(outcome));
        if (i % 2 == 0) running->cancel();
        outcome->wait();
        EXPECT_EQ(outcome->count(), 1);
      }
    });
  }
  for (auto& caller : callers) caller.join();
}

}  // namespace
}  // namespace agentos::tool
