// Parents, children, states and start times of real processes.
#include "base/io/process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

namespace agentos::io {
namespace {

pid_t start_sleeper() {
  pid_t pid = -1;
  const char* arguments[] = {"sleep", "60", nullptr};
  EXPECT_EQ(posix_spawnp(&pid, "sleep", nullptr, nullptr, const_cast<char**>(arguments), environ), 0);
  return pid;
}

TEST(Process, knows_its_own_parent_and_start) {
  EXPECT_EQ(*read_process_parent(::getpid()), ::getppid());
  EXPECT_GT(read_process_status(::getpid())->start_time_ticks, 0u);
  EXPECT_EQ(read_process_status(::getpid())->start_time_ticks, read_process_status(::getpid())->start_time_ticks);
}

TEST(Process, sees_a_child_until_it_is_reaped) {
  const pid_t child = start_sleeper();
  ASSERT_GT(child, 0);
  EXPECT_EQ(*read_process_parent(child), ::getpid());
  EXPECT_GE(read_process_status(child)->start_time_ticks, read_process_status(::getpid())->start_time_ticks);
  const auto children = children_of(::getpid());
  ASSERT_TRUE(children.has_value()) << children.error().message;
  EXPECT_NE(std::find(children->begin(), children->end(), child), children->end());
  EXPECT_TRUE(children_of(child)->empty());
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(read_process_status(child)->state, 'Z');
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_EQ(read_process_status(child).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(children_of(child).error().code, ErrorCode::kNotFound);
}

TEST(Process, refuses_numbers_that_are_no_process) {
  for (pid_t pid : {0, -1, 2'000'000'000}) EXPECT_EQ(read_process_status(pid).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace agentos::io
