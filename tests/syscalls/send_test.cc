// send: order and boundaries, a full queue that refuses instead of growing, and senders nobody can forge.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class SendCall : public CallTest {};

TEST_P(SendCall, a_full_pipe_says_would_block) {
  auto agent = world().agent();
  const json::Value ends = agent->must("pipe", {{"messages_max", 2}});
  const json::Object message{{"handle", ends.int_or("write_handle", 0)}, {"data", "m"}};
  agent->must("send", message);
  agent->must("send", message);
  EXPECT_EQ(agent->code("send", message), -106);
  json::Object patient = message;
  patient["timeout_ms"] = 40;
  EXPECT_EQ(agent->code("send", patient), -107);
}

TEST_P(SendCall, a_waiting_send_goes_on_when_there_is_room) {
  auto agent = world().agent();
  const json::Value ends = agent->must("pipe", {{"messages_max", 1}});
  agent->must("send", {{"handle", ends.int_or("write_handle", 0)}, {"data", "first"}});
  const auto sending = agent->start_call(
      "send", {{"handle", ends.int_or("write_handle", 0)}, {"data", "second"}, {"timeout_ms", 10'000}});
  EXPECT_EQ(agent->must("recv", {{"handle", ends.int_or("read_handle", 0)}}).string_or("data", ""), "first");
  EXPECT_TRUE(agent->finish_call(sending).has_value());
  EXPECT_EQ(
      agent->must("recv", {{"handle", ends.int_or("read_handle", 0)}, {"timeout_ms", 5000}}).string_or("data", ""),
      "second");
}

TEST_P(SendCall, the_kernel_stamps_the_sender) {
  auto one = world().agent("one");
  auto two = world().agent("two");
  one->must("send", {{"target", two->id()}, {"data", "hi"}});
  EXPECT_EQ(two->must("recv", {{"timeout_ms", 1000}}).string_or("sender", ""), one->id());
  EXPECT_EQ(one->code("send", {{"target", two->id()}, {"data", "hi"}, {"sender", "kernel"}}), -100)
      << "a sender cannot be stated";
}

TEST_P(SendCall, bad_requests_are_errors) {
  auto agent = world().agent();
  EXPECT_EQ(agent->code("send", {{"data", "x"}}), -100);
  EXPECT_EQ(agent->code("send", {{"target", "nobody-0"}, {"data", "x"}}), -130);
  EXPECT_EQ(agent->code("send", {{"handle", 3}, {"data", "x"}}), -105);
  const json::Value ends = agent->must("pipe");
  EXPECT_EQ(agent->code("send", {{"handle", ends.int_or("read_handle", 0)}, {"data", "x"}}), -105);
  EXPECT_EQ(agent->code("send", {{"handle", ends.int_or("write_handle", 0)}, {"data", std::string(300'000, 'x')}}),
            -100);
}

AGENTOS_BOTH_WAYS(SendCall);

}  // namespace
}  // namespace agentos::test
