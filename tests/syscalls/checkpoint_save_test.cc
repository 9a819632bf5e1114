// checkpoint_save: one document an id, below /state/checkpoints and nowhere else, within bounds, seen by policy.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class CheckpointSaveCall : public CallTest {};

constexpr std::size_t kDocumentMax = 512 * 1024;

TEST_P(CheckpointSaveCall, a_document_is_a_file_in_canonical_form) {
  auto agent = world().agent();
  const json::Value saved =
      agent->must("checkpoint_save", {{"id", "first"}, {"state", json::Object{{"b", 1}, {"a", json::Array{true}}}}});
  EXPECT_FALSE(saved.bool_or("replaced", true));
  EXPECT_EQ(saved.int_or("size", 0), 18);
  EXPECT_EQ(saved.string_or("digest", "").size(), 43u);
  EXPECT_EQ(agent->must("read", {{"path", "/state/checkpoints/first.json"}}).string_or("data", ""),
            R"({"a":[true],"b":1})");
}

TEST_P(CheckpointSaveCall, an_id_saved_again_is_replaced) {
  auto agent = world().agent();
  agent->must("checkpoint_save", {{"id", "x"}, {"state", "a long first document"}});
  const json::Value again = agent->must("checkpoint_save", {{"id", "x"}, {"state", 2}});
  EXPECT_TRUE(again.bool_or("replaced", false));
  EXPECT_EQ(agent->must("read", {{"path", "/state/checkpoints/x.json"}}).string_or("data", ""), "2");
  EXPECT_EQ(agent->must("list", {{"path", "/state/checkpoints"}}).find("entries")->as_array().size(), 1u);
}

TEST_P(CheckpointSaveCall, an_id_that_could_name_another_place_is_refused) {
  auto agent = world().agent();
  for (const char* id : {"", "a/b", "/etc", "..", "../x", "a..b", ".hidden", "-x", "a b", "a\nb", "\xc3\xa9", "a\\b"}) {
    EXPECT_EQ(agent->code("checkpoint_save", {{"id", id}, {"state", 1}}), -100) << id;
  }
  EXPECT_EQ(agent->code("checkpoint_save", {{"id", std::string("a\0b", 3)}, {"state", 1}}), -100);
  EXPECT_EQ(agent->code("checkpoint_save", {{"id", std::string(65, 'a')}, {"state", 1}}), -100);
  EXPECT_EQ(agent->code("checkpoint_save", {{"id", std::string(64, 'a')}, {"state", 1}}), 0);
  EXPECT_EQ(agent->must("list", {{"path", "/state"}}).find("entries")->as_array().size(), 1u) << "only checkpoints";
}

TEST_P(CheckpointSaveCall, a_document_has_a_bound_and_the_old_one_stays) {
  auto agent = world().agent();
  agent->must("checkpoint_save", {{"id", "x"}, {"state", "old"}});
  EXPECT_EQ(agent->code("checkpoint_save", {{"id", "x"}, {"state", std::string(kDocumentMax - 1, 'x')}}), -109);
  EXPECT_EQ(agent->must("checkpoint_load", {{"id", "x"}}).string_or("state", ""), "old");
  EXPECT_EQ(agent->code("checkpoint_save", {{"id", "x"}, {"state", std::string(kDocumentMax - 2, 'x')}}), 0);
}

TEST_P(CheckpointSaveCall, policy_sees_the_file_behind_the_id) {
  auto agent = world().agent("saver", R"(apiVersion: agentos/v1
kind: Policy
metadata: {name: saver}
spec:
  rules:
    - {name: some, syscalls: [checkpoint_save], paths: ["/state/checkpoints/day-*"], action: allow}
)");
  EXPECT_EQ(agent->code("checkpoint_save", {{"id", "day-1"}, {"state", 1}}), 0);
  EXPECT_EQ(agent->code("checkpoint_save", {{"id", "night-1"}, {"state", 1}}), -2);
}

TEST_P(CheckpointSaveCall, it_is_charged_like_a_write) {
  abi::Budget budget;
  budget.bytes = 200;
  auto agent = world().agent("saver", kAllowAll, {}, budget);
  EXPECT_EQ(agent->code("checkpoint_save", {{"id", "x"}, {"state", std::string(98, 'x')}}), 0);
  EXPECT_EQ(agent->must("status").find("used")->int_or("bytes", 0), 100);
  EXPECT_EQ(agent->code("checkpoint_save", {{"id", "y"}, {"state", std::string(98, 'x')}}), -111);
}

TEST_P(CheckpointSaveCall, both_arguments_are_needed) {
  auto agent = world().agent();
  EXPECT_EQ(agent->code("checkpoint_save"), -100);
  EXPECT_EQ(agent->code("checkpoint_save", {{"id", "x"}}), -100);
  EXPECT_EQ(agent->code("checkpoint_save", {{"state", 1}}), -100);
}

AGENTOS_BOTH_WAYS(CheckpointSaveCall);

}  // namespace
}  // namespace agentos::test
