// stat: files, directories, mounts, handles and pipes.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class StatCall : public CallTest {};

TEST_P(StatCall, describes_files_and_directories) {
  auto agent = world().agent();
  agent->must("write", {{"path", "/mem/semantic/d/f"}, {"data", "12345"}});
  const json::Value file = agent->must("stat", {{"path", "/mem/semantic/d/f"}});
  EXPECT_EQ(file.string_or("kind", ""), "file");
  EXPECT_EQ(file.int_or("size", 0), 5);
  EXPECT_EQ(file.string_or("mount", ""), "/mem/semantic");
  EXPECT_FALSE(file.bool_or("read_only", true));
  EXPECT_GT(file.int_or("created_us", 0), 1'600'000'000'000'000);
  EXPECT_EQ(agent->must("stat", {{"path", "/mem/semantic/d"}}).string_or("kind", ""), "directory");
  EXPECT_TRUE(agent->must("stat", {{"path", "/policy"}}).bool_or("read_only", false));
}

TEST_P(StatCall, a_handle_outlives_the_name) {
  auto agent = world().agent();
  agent->must("write", {{"path", "/state/f"}, {"data", "abc"}});
  const auto handle = agent->must("open", {{"path", "/state/f"}}).int_or("handle", 0);
  agent->must("unlink", {{"path", "/state/f"}});
  EXPECT_EQ(agent->code("stat", {{"path", "/state/f"}}), -101);
  EXPECT_EQ(agent->must("stat", {{"handle", handle}}).int_or("size", 0), 3);
  EXPECT_EQ(agent->must("read", {{"handle", handle}}).string_or("data", ""), "abc");
}

TEST_P(StatCall, pipes_say_so) {
  auto agent = world().agent();
  const json::Value ends = agent->must("pipe");
  EXPECT_EQ(agent->must("stat", {{"handle", ends.int_or("read_handle", 0)}}).string_or("kind", ""), "pipe");
}

TEST_P(StatCall, bad_requests_are_errors) {
  auto agent = world().agent();
  EXPECT_EQ(agent->code("stat"), -100);
  EXPECT_EQ(agent->code("stat", {{"handle", 9}}), -105);
  EXPECT_EQ(agent->code("stat", {{"path", "/nothing"}}), -101);
}

AGENTOS_BOTH_WAYS(StatCall);

}  // namespace
}  // namespace agentos::test
