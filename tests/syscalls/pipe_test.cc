// pipe: two ends, and an end of stream when the writers are gone.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class PipeCall : public CallTest {};

TEST_P(PipeCall, closing_the_writer_ends_the_stream_after_what_is_queued) {
  auto agent = world().agent();
  const json::Value ends = agent->must("pipe");
  const auto reading = ends.int_or("read_handle", 0), writing = ends.int_or("write_handle", 0);
  agent->must("send", {{"handle", writing}, {"data", "last"}});
  agent->must("close", {{"handle", writing}});
  EXPECT_EQ(agent->must("recv", {{"handle", reading}}).string_or("data", ""), "last");
  EXPECT_TRUE(agent->must("recv", {{"handle", reading}}).bool_or("end", false));
}

TEST_P(PipeCall, closing_the_reader_closes_the_pipe_for_writers) {
  auto agent = world().agent();
  const json::Value ends = agent->must("pipe");
  agent->must("close", {{"handle", ends.int_or("read_handle", 0)}});
  EXPECT_EQ(agent->code("send", {{"handle", ends.int_or("write_handle", 0)}, {"data", "x"}}), -116);
}

TEST_P(PipeCall, the_end_of_a_peer_is_the_end_of_its_stream) {
  auto parent = world().agent("parent");
  const json::Value ends = parent->must("pipe");
  const auto writing = ends.int_or("write_handle", 0);
  const std::string child_id(
      parent->must("fork", {{"handles", json::Array{json::Value(writing)}}}).string_or("agent", ""));
  parent->must("close", {{"handle", writing}});
  const auto receiving = parent->start_call("recv", {{"handle", ends.int_or("read_handle", 0)}});
  parent->must("signal", {{"target", child_id}, {"signal", "SIGKILL"}});
  auto message = parent->finish_call(receiving);
  ASSERT_TRUE(message.has_value());
  EXPECT_TRUE(message->bool_or("end", false));
}

TEST_P(PipeCall, bounds_are_checked) {
  auto agent = world().agent();
  EXPECT_EQ(agent->code("pipe", {{"messages_max", 0}}), -100);
  EXPECT_EQ(agent->code("pipe", {{"messages_max", 5000}}), -100);
}

AGENTOS_BOTH_WAYS(PipeCall);

}  // namespace
}  // namespace agentos::test
