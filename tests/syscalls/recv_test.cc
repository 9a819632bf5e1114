// recv: messages in order with their boundaries, empty queues, waiting, cancellation by time.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class RecvCall : public CallTest {};

TEST_P(RecvCall, order_and_boundaries_are_kept) {
  auto agent = world().agent();
  const json::Value ends = agent->must("pipe");
  for (const char* text : {"one", "", "three"})
    agent->must("send", {{"handle", ends.int_or("write_handle", 0)}, {"data", text}});
  for (const char* text : {"one", "", "three"}) {
    EXPECT_EQ(agent->must("recv", {{"handle", ends.int_or("read_handle", 0)}}).string_or("data", "?"), text);
  }
}

TEST_P(RecvCall, an_empty_queue_would_block_or_times_out) {
  auto agent = world().agent();
  EXPECT_EQ(agent->code("recv", {{"timeout_ms", 0}}), -106);
  EXPECT_EQ(agent->code("recv", {{"timeout_ms", 30}}), -107);
  EXPECT_EQ(agent->code("recv", {{"handle", 5}, {"timeout_ms", 0}}), -105);
}

TEST_P(RecvCall, a_message_that_comes_after_the_deadline_is_not_lost) {
  auto agent = world().agent();
  const json::Value ends = agent->must("pipe");
  EXPECT_EQ(agent->code("recv", {{"handle", ends.int_or("read_handle", 0)}, {"timeout_ms", 20}}), -107);
  agent->must("send", {{"handle", ends.int_or("write_handle", 0)}, {"data", "late"}});
  EXPECT_EQ(
      agent->must("recv", {{"handle", ends.int_or("read_handle", 0)}, {"timeout_ms", 1000}}).string_or("data", ""),
      "late");
}

TEST_P(RecvCall, a_waiting_receiver_holds_nobody_up) {
  auto one = world().agent("one");
  auto two = world().agent("two");
  const auto receiving = one->start_call("recv", {});
  one->must("status");
  two->must("send", {{"target", one->id()}, {"data", "wake"}});
  auto message = one->finish_call(receiving);
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->string_or("data", ""), "wake");
  EXPECT_EQ(message->int_or("sequence", 0), 1);
}

AGENTOS_BOTH_WAYS(RecvCall);

}  // namespace
}  // namespace agentos::test
