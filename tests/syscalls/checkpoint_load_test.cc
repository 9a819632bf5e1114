// checkpoint_load: what was saved comes back equal, only to its agent, and a damaged file is said to be one.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class CheckpointLoadCall : public CallTest {};

TEST_P(CheckpointLoadCall, any_json_comes_back_equal) {
  auto agent = world().agent();
  json::Object deep{{"leaf", 9'007'199'254'740'991}};
  for (int i = 0; i < 28; ++i) deep = json::Object{{"in", std::move(deep)}};
  const std::vector<json::Value> documents{
      nullptr,
      true,
      0,
      -1.5,
      "",
      "text \xf0\x9f\x8c\x8d \" \\ \n",
      json::Array{},
      json::Object{},
      json::Object{{"a", json::Array{1, "two", nullptr, json::Object{{"", false}}}}, {"z", 1e300}},
      std::move(deep)};
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const std::string id = "document-" + std::to_string(i);
    const json::Value saved = agent->must("checkpoint_save", {{"id", id}, {"state", documents[i]}});
    const json::Value loaded = agent->must("checkpoint_load", {{"id", id}});
    EXPECT_EQ(*loaded.find("state"), documents[i]) << id;
    EXPECT_EQ(loaded.string_or("digest", "other"), saved.string_or("digest", "")) << id;
    EXPECT_EQ(loaded.int_or("size", -1), saved.int_or("size", 0)) << id;
    EXPECT_GT(loaded.int_or("saved_us", 0), 0) << id;
  }
}

TEST_P(CheckpointLoadCall, an_agent_reads_its_own_only) {
  auto one = world().agent("one");
  auto two = world().agent("two");
  one->must("checkpoint_save", {{"id", "x"}, {"state", "of one"}});
  EXPECT_EQ(two->code("checkpoint_load", {{"id", "x"}}), -101);
  two->must("checkpoint_save", {{"id", "x"}, {"state", "of two"}});
  EXPECT_EQ(one->must("checkpoint_load", {{"id", "x"}}).string_or("state", ""), "of one");
}

TEST_P(CheckpointLoadCall, ids_are_checked_as_when_saving) {
  auto agent = world().agent();
  agent->must("write", {{"path", "/state/secret.json"}, {"data", "1"}});
  for (const char* id : {"../secret", "/state/secret", "..", "", "x/../../secret"}) {
    EXPECT_EQ(agent->code("checkpoint_load", {{"id", id}}), -100) << id;
  }
  EXPECT_EQ(agent->code("checkpoint_load", {{"id", "none"}}), -101);
  EXPECT_EQ(agent->code("checkpoint_load"), -100);
}

TEST_P(CheckpointLoadCall, what_was_unlinked_is_gone) {
  auto agent = world().agent();
  agent->must("checkpoint_save", {{"id", "x"}, {"state", 1}});
  agent->must("unlink", {{"path", "/state/checkpoints/x.json"}});
  EXPECT_EQ(agent->code("checkpoint_load", {{"id", "x"}}), -101);
}

TEST_P(CheckpointLoadCall, a_file_that_is_no_document_is_corrupt) {
  auto agent = world().agent();
  const auto write = [&](std::string content) {
    agent->must("write", {{"path", "/state/checkpoints/x.json"}, {"data", std::move(content)}});
  };
  for (const char* content : {"", "{", "1 2", R"({"a":1,"a":2})", "NaN"}) {
    write(content);
    EXPECT_EQ(agent->code("checkpoint_load", {{"id", "x"}}), -124) << content;
  }
  write(std::string(40, '[') + std::string(40, ']'));
  EXPECT_NE(agent->code("checkpoint_load", {{"id", "x"}}), 0) << "deeper than a reply may be";
  write(std::string(600'000, ' '));
  EXPECT_EQ(agent->code("checkpoint_load", {{"id", "x"}}), -109);
  write("7");
  EXPECT_EQ(agent->must("checkpoint_load", {{"id", "x"}}).int_or("state", 0), 7) << "a file of JSON is a checkpoint";
}

AGENTOS_BOTH_WAYS(CheckpointLoadCall);

}  // namespace
}  // namespace agentos::test
