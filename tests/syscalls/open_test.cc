// open: modes, missing files, read-only mounts, and handles that are the lowest free number.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class OpenCall : public CallTest {};

TEST_P(OpenCall, missing_file_is_not_found_for_reading) {
  auto agent = world().agent();
  EXPECT_EQ(agent->code("open", {{"path", "/mem/working/none"}}), -101);
}

TEST_P(OpenCall, mode_w_truncates_and_a_appends) {
  auto agent = world().agent();
  agent->must("write", {{"path", "/mem/working/f"}, {"data", "old text"}});
  const auto handle = agent->must("open", {{"path", "/mem/working/f"}, {"mode", "w"}}).int_or("handle", 0);
  EXPECT_EQ(agent->must("stat", {{"path", "/mem/working/f"}}).int_or("size", -1), 0);
  agent->must("close", {{"handle", handle}});
  const auto appending = agent->must("open", {{"path", "/mem/working/f"}, {"mode", "a"}}).int_or("handle", 0);
  agent->must("write", {{"handle", appending}, {"data", "a"}});
  agent->must("write", {{"handle", appending}, {"data", "b"}});
  EXPECT_EQ(agent->must("read", {{"path", "/mem/working/f"}}).string_or("data", ""), "ab");
}

TEST_P(OpenCall, rw_allows_both_and_others_only_theirs) {
  auto agent = world().agent();
  const auto both = agent->must("open", {{"path", "/mem/working/f"}, {"mode", "rw"}}).int_or("handle", 0);
  EXPECT_EQ(agent->must("write", {{"handle", both}, {"data", "xyz"}}).int_or("size", 0), 3);
  EXPECT_EQ(agent->must("read", {{"handle", both}, {"offset", 0}}).string_or("data", ""), "xyz");
  const auto writing = agent->must("open", {{"path", "/mem/working/f"}, {"mode", "a"}}).int_or("handle", 0);
  const auto reading = agent->must("open", {{"path", "/mem/working/f"}}).int_or("handle", 0);
  EXPECT_EQ(agent->code("read", {{"handle", writing}}), -105);
  EXPECT_EQ(agent->code("write", {{"handle", reading}, {"data", "no"}}), -105);
}

TEST_P(OpenCall, exclusive_mode_refuses_what_exists) {
  auto agent = world().agent();
  agent->must("open", {{"path", "/state/new"}, {"mode", "x"}});
  EXPECT_EQ(agent->code("open", {{"path", "/state/new"}, {"mode", "x"}}), -102);
}

TEST_P(OpenCall, read_only_mount_opens_for_reading_alone) {
  auto agent = world().agent();
  for (const char* mode : {"w", "a", "rw", "x"}) {
    EXPECT_EQ(agent->code("open", {{"path", "/policy/x"}, {"mode", mode}}), -104) << mode;
  }
}

TEST_P(OpenCall, unknown_mode_and_bad_paths_are_invalid) {
  auto agent = world().agent();
  EXPECT_EQ(agent->code("open", {{"path", "/mem/working/f"}, {"mode", "rb"}}), -100);
  EXPECT_EQ(agent->code("open", {{"path", "mem/working/f"}}), -100);
  EXPECT_EQ(agent->code("open", {{"path", "/../policy/x"}}), -100);
  EXPECT_EQ(agent->code("open", {{"path", std::string("/mem/") + std::string(5000, 'x')}}), -100);
  EXPECT_EQ(agent->code("open"), -100);
}

TEST_P(OpenCall, handles_are_bounded_and_reused) {
  auto agent = world().agent();
  agent->must("write", {{"path", "/state/f"}, {"data", ""}});
  int opened = 0;
  while (agent->code("open", {{"path", "/state/f"}}) == 0 && opened < 2000) ++opened;
  EXPECT_EQ(opened, 1024);
  EXPECT_EQ(agent->code("open", {{"path", "/state/f"}}), -112);
  agent->must("close", {{"handle", 7}});
  EXPECT_EQ(agent->must("open", {{"path", "/state/f"}}).int_or("handle", 0), 7);
}

AGENTOS_BOTH_WAYS(OpenCall);

}  // namespace
}  // namespace agentos::test
