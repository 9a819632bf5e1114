// write: whole files, appends, offsets, quotas, and the read-only mount however it is spelled.
#include <thread>

#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class WriteCall : public CallTest {};

TEST_P(WriteCall, text_and_octets_are_both_accepted_and_empty_makes_a_file) {
  auto agent = world().agent();
  EXPECT_EQ(agent->must("write", {{"path", "/mem/working/t"}, {"data", "héllo"}}).int_or("size", 0), 6);
  EXPECT_EQ(
      agent->must("write", {{"path", "/mem/working/b"}, {"data", json::Object{{"base64", "AAEC"}}}}).int_or("size", 0),
      3);
  EXPECT_EQ(agent->must("write", {{"path", "/mem/working/e"}, {"data", ""}}).int_or("size", -1), 0);
  EXPECT_EQ(agent->must("stat", {{"path", "/mem/working/e"}}).int_or("size", -1), 0);
}

TEST_P(WriteCall, append_adds_at_the_end) {
  auto agent = world().agent();
  agent->must("write", {{"path", "/state/f"}, {"data", "a"}});
  agent->must("write", {{"path", "/state/f"}, {"data", "b"}, {"append", true}});
  EXPECT_EQ(agent->must("read", {{"path", "/state/f"}}).string_or("data", ""), "ab");
  EXPECT_EQ(agent->must("stat", {{"path", "/state/f"}}).int_or("size", 0), 2);
  EXPECT_EQ(agent->code("write", {{"path", "/state/f"}, {"data", "c"}, {"append", true}, {"offset", 1}}), -100);
}

TEST_P(WriteCall, two_appenders_lose_nothing_and_tear_nothing) {
  auto agent = world().agent();
  agent->must("write", {{"path", "/state/log"}, {"data", ""}});
  agent->must("attach");
  auto descriptors = agent->take_descriptors();
  ASSERT_EQ(descriptors.size(), 1u);
  auto second = world().over(std::move(descriptors[0]));
  constexpr int kRecords = 100;
  std::thread other([&] {
    for (int i = 0; i < kRecords; ++i)
      second->must("write", {{"path", "/state/log"}, {"data", "22222222\n"}, {"append", true}});
  });
  for (int i = 0; i < kRecords; ++i)
    agent->must("write", {{"path", "/state/log"}, {"data", "11111111\n"}, {"append", true}});
  other.join();
  const std::string text(agent->must("read", {{"path", "/state/log"}}).string_or("data", ""));
  ASSERT_EQ(text.size(), 2u * kRecords * 9);
  int ones = 0, twos = 0;
  for (std::size_t i = 0; i < text.size(); i += 9) {
    ones += text.substr(i, 9) == "11111111\n";
    twos += text.substr(i, 9) == "22222222\n";
  }
  EXPECT_EQ(ones, kRecords);
  EXPECT_EQ(twos, kRecords);
}

TEST_P(WriteCall, every_spelling_of_the_read_only_mount_is_refused) {
  auto agent = world().agent();
  for (const char* path : {"/policy/x", "/mem/working/../../policy/x", "//policy/x", "/policy/./x"}) {
    EXPECT_EQ(agent->code("write", {{"path", path}, {"data", "evil"}}), -104) << path;
    EXPECT_EQ(agent->code("write", {{"path", path}, {"data", "evil"}, {"append", true}}), -104) << path;
  }
}

TEST_P(WriteCall, a_mount_is_not_a_prefix_of_letters) {
  auto agent = world().agent();
  EXPECT_EQ(agent->code("write", {{"path", "/mem/workingX/f"}, {"data", "x"}}), -101);
  EXPECT_EQ(agent->code("write", {{"path", "/policyfoo"}, {"data", "x"}}), -101);
}

TEST_P(WriteCall, control_characters_and_nul_in_paths_are_refused) {
  auto agent = world().agent();
  EXPECT_EQ(agent->code("write", {{"path", "/state/a\nb"}, {"data", "x"}}), -100);
  EXPECT_EQ(agent->code("write", {{"path", std::string("/state/a\0b", 10)}, {"data", "x"}}), -100);
  EXPECT_EQ(agent->code("write", {{"path", "/state/" + std::string(300, 'n')}, {"data", "x"}}), -100);
}

TEST_P(WriteCall, the_write_that_crosses_the_quota_changes_nothing) {
  WorldOptions options;
  options.kernel.files.bytes_max = 256 << 10;
  world_ = std::make_unique<World>(GetParam(), std::move(options));
  auto agent = world().agent();
  const std::string half(128 * 1024, 'x');
  agent->must("write", {{"path", "/state/a"}, {"data", half}});
  EXPECT_EQ(agent->code("write", {{"path", "/state/a"}, {"data", half + half}}), -110);
  EXPECT_EQ(agent->must("stat", {{"path", "/state/a"}}).int_or("size", 0), 128 * 1024);
}

TEST_P(WriteCall, a_family_shares_what_it_may_hold_in_memory) {
  WorldOptions options;
  options.kernel.family_bytes_max = 1 << 20;
  world_ = std::make_unique<World>(GetParam(), std::move(options));
  auto agent = world().agent();
  const std::string half(512 * 1024, 'x');
  agent->must("write", {{"path", "/state/a"}, {"data", half}});
  const json::Value ends = agent->must("pipe");
  const std::string message(200 * 1024, 'x');
  agent->must("send", {{"handle", ends.int_or("write_handle", 0)}, {"data", message}});
  EXPECT_EQ(agent->code("write", {{"path", "/state/b"}, {"data", half}}), -110);
  agent->must("recv", {{"handle", ends.int_or("read_handle", 0)}});
  EXPECT_EQ(agent->code("write", {{"path", "/state/b"}, {"data", half}}), -110) << "names count too";
  agent->must("unlink", {{"path", "/state/a"}});
  agent->must("write", {{"path", "/state/b"}, {"data", half}});
}

TEST_P(WriteCall, the_byte_budget_stops_a_writer) {
  abi::Budget budget;
  budget.bytes = 10;
  auto agent = world().agent("thrifty", kAllowAll, {}, budget);
  agent->must("write", {{"path", "/state/a"}, {"data", "12345678"}});
  EXPECT_EQ(agent->code("write", {{"path", "/state/a"}, {"data", "12345678"}}), -111);
  EXPECT_EQ(agent->must("status").find("used")->int_or("bytes", 0), 8) << "a refused call gives its reservation back";
}

AGENTOS_BOTH_WAYS(WriteCall);

}  // namespace
}  // namespace agentos::test
