// seek: from the start, here and the end; never before the start.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class SeekCall : public CallTest {};

TEST_P(SeekCall, moves_the_offset) {
  auto agent = world().agent();
  agent->must("write", {{"path", "/state/f"}, {"data", "0123456789"}});
  const auto handle = agent->must("open", {{"path", "/state/f"}}).int_or("handle", 0);
  EXPECT_EQ(agent->must("seek", {{"handle", handle}, {"offset", -3}, {"whence", "end"}}).int_or("offset", 0), 7);
  EXPECT_EQ(agent->must("read", {{"handle", handle}, {"size", 1}}).string_or("data", ""), "7");
  EXPECT_EQ(agent->must("seek", {{"handle", handle}, {"offset", -8}, {"whence", "current"}}).int_or("offset", -1), 0);
  EXPECT_EQ(agent->code("seek", {{"handle", handle}, {"offset", -1}}), -100);
  EXPECT_EQ(agent->code("seek", {{"handle", 77}, {"offset", 0}}), -105);
  EXPECT_EQ(agent->code("seek"), -100);
  const auto pipe = agent->must("pipe").int_or("read_handle", 0);
  EXPECT_EQ(agent->code("seek", {{"handle", pipe}, {"offset", 0}}), -105);
}

AGENTOS_BOTH_WAYS(SeekCall);

}  // namespace
}  // namespace agentos::test
