// read: by path and by handle, ranges, end of file, bytes that are not text.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class ReadCall : public CallTest {};

TEST_P(ReadCall, returns_what_was_written) {
  auto agent = world().agent();
  EXPECT_EQ(agent->must("write", {{"path", "/mem/working/a"}, {"data", "hello"}}).int_or("size", 0), 5);
  const json::Value reply = agent->must("read", {{"path", "/mem/working/a"}});
  EXPECT_EQ(reply.string_or("data", ""), "hello");
  EXPECT_TRUE(reply.bool_or("end", false));
}

TEST_P(ReadCall, a_handle_reads_on_from_its_offset) {
  auto agent = world().agent();
  const auto handle = agent->must("open", {{"path", "/mem/working/a"}, {"mode", "rw"}}).int_or("handle", 0);
  agent->must("write", {{"handle", handle}, {"data", "hello"}});
  agent->must("write", {{"handle", handle}, {"data", "X"}});
  agent->must("seek", {{"handle", handle}, {"offset", 0}});
  EXPECT_EQ(agent->must("read", {{"handle", handle}, {"size", 4}}).string_or("data", ""), "hell");
  EXPECT_EQ(agent->must("read", {{"handle", handle}}).string_or("data", ""), "oX");
  const json::Value end = agent->must("read", {{"handle", handle}});
  EXPECT_EQ(end.string_or("data", "?"), "");
  EXPECT_TRUE(end.bool_or("end", false));
}

TEST_P(ReadCall, offset_and_size_make_a_range) {
  auto agent = world().agent();
  agent->must("write", {{"path", "/state/f"}, {"data", "0123456789"}});
  const json::Value middle = agent->must("read", {{"path", "/state/f"}, {"offset", 3}, {"size", 4}});
  EXPECT_EQ(middle.string_or("data", ""), "3456");
  EXPECT_FALSE(middle.bool_or("end", true));
  EXPECT_EQ(agent->must("read", {{"path", "/state/f"}, {"offset", 100}}).string_or("data", "?"), "");
}

TEST_P(ReadCall, octets_that_are_not_text_come_as_base64) {
  auto agent = world().agent();
  agent->must("write", {{"path", "/state/b"}, {"data", json::Object{{"base64", "/wCA"}}}});
  const json::Value reply = agent->must("read", {{"path", "/state/b"}});
  ASSERT_NE(reply.find("data"), nullptr);
  EXPECT_EQ(reply.find("data")->string_or("base64", ""), "/wCA");
}

TEST_P(ReadCall, path_and_handle_are_one_or_the_other) {
  auto agent = world().agent();
  EXPECT_EQ(agent->code("read"), -100);
  EXPECT_EQ(agent->code("read", {{"path", "/state/f"}, {"handle", 1}}), -100);
  EXPECT_EQ(agent->code("read", {{"handle", 55}}), -105);
  EXPECT_EQ(agent->code("read", {{"path", "/state/none"}}), -101);
  EXPECT_EQ(agent->code("read", {{"path", "/state"}}), -113);
  EXPECT_EQ(agent->code("read", {{"path", "/state/f"}, {"size", 999'999'999}}), -100);
  EXPECT_EQ(agent->code("read", {{"path", "/etc/shadow"}}), -101);
}

TEST_P(ReadCall, each_agent_sees_only_its_own_files) {
  auto one = world().agent("one");
  auto two = world().agent("two");
  one->must("write", {{"path", "/mem/working/same"}, {"data", "one"}});
  two->must("write", {{"path", "/mem/working/same"}, {"data", "two"}});
  EXPECT_EQ(one->must("read", {{"path", "/mem/working/same"}}).string_or("data", ""), "one");
  EXPECT_EQ(two->must("read", {{"path", "/mem/working/same"}}).string_or("data", ""), "two");
}

AGENTOS_BOTH_WAYS(ReadCall);

}  // namespace
}  // namespace agentos::test
