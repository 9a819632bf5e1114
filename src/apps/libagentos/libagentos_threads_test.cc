// The C interface under several threads, and handles closed in every order.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

#include "apps/libagentos/c_fixture.h"

namespace agentos::c {
namespace {

using namespace std::chrono_literals;

constexpr int kThreads = 4;
constexpr int kRounds = 100;

TEST(LibAgentosThreads, four_agents_on_four_threads_each_see_their_own_files) {
  StateDirectory state;
  auto kernel = open_kernel(state, kDefaultPolicy);
  std::atomic<int> right{0};
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        auto agent = create_agent(kernel);
        for (int round = 0; round < kRounds; ++round) {
          const std::string content = std::to_string(thread) + ":" + std::to_string(round);
          char buffer[64];
          std::size_t size = 0;
          if (agentos_write(agent.get(), "/mem/working/mine", content.data(), content.size(), nullptr) == 0 &&
              agentos_read(agent.get(), "/mem/working/mine", 0, buffer, sizeof buffer, &size, nullptr) == 0 &&
              std::string(buffer, size) == content) {
            ++right;
          }
        }
      });
    }
  }
  EXPECT_EQ(right, kThreads * kRounds);
  kernel.reset();
  EXPECT_EQ(agentos_log_verify((state.path() + "/log").c_str(), nullptr, nullptr), 0);
}

TEST(LibAgentosThreads, one_agent_may_be_used_by_four_threads) {
  StateDirectory state;
  auto kernel = open_kernel(state, kDefaultPolicy);
  auto agent = create_agent(kernel);
  std::atomic<int> right{0};
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        const std::string request = R"({"path":"/mem/working/)" + std::to_string(thread) + R"(","data":"x"})";
        for (int round = 0; round < kRounds; ++round) {
          if (answer(agent.get(), "write", request.c_str()) == R"({"size":1})") ++right;
        }
      });
    }
  }
  EXPECT_EQ(right, kThreads * kRounds);
}

TEST(LibAgentosThreads, agents_outlive_their_kernel_as_handles) {
  StateDirectory state;
  auto kernel = open_kernel(state, kDefaultPolicy);
  auto first = create_agent(kernel);
  auto second = create_agent(kernel);
  ASSERT_EQ(agentos_write(first.get(), "/mem/working/a", "x", 1, nullptr), 0);
  const auto before = std::chrono::steady_clock::now();
  kernel.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 4s) << "agents of this program need no grace";
  for (auto* agent : {first.get(), second.get()}) {
    const int code = agentos_write(agent, "/mem/working/a", "x", 1, nullptr);
    EXPECT_TRUE(code == AGENTOS_ERROR_NOT_RUNNING || code == AGENTOS_ERROR_TERMINATED) << code;
    const std::string name = answer(agent, "status", "{}");
    EXPECT_TRUE(name == "not_running" || name == "terminated") << name;
    EXPECT_NE(agentos_agent_id(agent), nullptr);
  }
  EXPECT_EQ(agentos_log_verify((state.path() + "/log").c_str(), nullptr, nullptr), 0);
}

TEST(LibAgentosThreads, closing_the_kernel_answers_a_waiting_call) {
  StateDirectory state;
  auto kernel = open_kernel(state, kDefaultPolicy);
  auto agent = create_agent(kernel);
  const std::string pipe = answer(agent.get(), "pipe", "{}");
  const auto at = pipe.find("\"read_handle\":");
  ASSERT_NE(at, std::string::npos) << pipe;
  const std::string request = "{\"handle\":" + std::to_string(std::atoi(pipe.c_str() + at + 14)) + "}";
  std::string got;
  std::jthread waiting([&] { got = answer(agent.get(), "recv", request.c_str()); });
  std::this_thread::sleep_for(50ms);
  kernel.reset();
  waiting.join();
  EXPECT_TRUE(got == "terminated" || got == "not_running" || got == "cancelled" || got == "closed") << got;
}

struct Slow {
  std::atomic<int> running{0};
  std::atomic<bool> saw_cancel{false};
  std::atomic<bool> released{false};
};

int wait_for_cancel(void* user_data, const char*, const agentos_invocation* invocation, char**) {
  auto& slow = *static_cast<Slow*>(user_data);
  ++slow.running;
  for (int waited = 0; waited < 2000 && !slow.saw_cancel; ++waited) {
    if (agentos_cancelled(invocation) != 0) slow.saw_cancel = true;
    std::this_thread::sleep_for(5ms);
  }
  return 0;
}

TEST(LibAgentosThreads, deadline_cancels_the_function_and_release_comes_after_it) {
  StateDirectory state;
  Slow slow;
  auto kernel = open_kernel(state, R"(,"permissive":true)");
  const auto release = [](void* user_data) { static_cast<Slow*>(user_data)->released = true; };
  ASSERT_EQ(agentos_tool_register(kernel.get(), R"({"name":"slow","timeout_ms":100})", wait_for_cancel, &slow, release,
                                  nullptr),
            0);
  auto agent = create_agent(kernel);
  EXPECT_EQ(answer(agent.get(), "exec", R"({"tool":"slow"})"), "timed_out");
  EXPECT_EQ(slow.running, 1);
  EXPECT_FALSE(slow.released) << "the tool is still registered";
  agent.reset();
  kernel.reset();
  for (int waited = 0; waited < 2000 && !slow.released; ++waited) std::this_thread::sleep_for(5ms);
  EXPECT_TRUE(slow.saw_cancel);
  EXPECT_TRUE(slow.released);
}

}  // namespace
}  // namespace agentos::c
