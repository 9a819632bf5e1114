// getpolicy: documents and the rules that can apply to the caller.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class GetpolicyCall : public CallTest {};

TEST_P(GetpolicyCall, shows_what_is_in_force) {
  auto agent = world().agent();
  const json::Value reply = agent->must("getpolicy");
  EXPECT_GE(reply.int_or("epoch", 0), 1);
  EXPECT_NE(json::write(reply).find("everything"), std::string::npos) << json::write(reply);
  EXPECT_EQ(agent->code("getpolicy", {{"agent", "other"}}), -100);
}

AGENTOS_BOTH_WAYS(GetpolicyCall);

}  // namespace
}  // namespace agentos::test
