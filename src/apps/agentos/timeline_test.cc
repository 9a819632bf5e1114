// The story a log tells, line by line.
#include "apps/agentos/timeline.h"

#include <gtest/gtest.h>

namespace agentos::cli {
namespace {

recorder::StoredEntry entry(recorder::Index index, std::string leaf, std::optional<std::string> opening = {}) {
  return {.index = index, .leaf = std::move(leaf), .opening = std::move(opening), .opening_matches = true};
}

// The line without its time of day.
std::string told(const std::string& line) { return line.size() > 13 ? line.substr(13) : line; }

constexpr const char* kStart = R"({"agent":"demo-1","kind":"event","name":"agent_start","time_us":1000000,"v":1})";
constexpr const char* kChild = R"({"agent":"kid-2","kind":"event","name":"agent_start","time_us":1000000,"v":1})";

TEST(Timeline, a_call_is_one_line_when_its_outcome_is_known) {
  Timeline timeline({}, "");
  EXPECT_EQ(timeline.add(entry(1,
                               R"({"agent":"demo-1","call":"write","effect":"state","kind":"intent","rule":"p/files",)"
                               R"("time_us":1000000,"verdict":"allow"})",
                               R"({"data":"x","path":"/state/a"})")),
            "");
  EXPECT_EQ(told(timeline.add(entry(2, R"({"agent":"demo-1","call":"write","duration_us":250,"intent":1,"bytes":1,)"
                                       R"("kind":"outcome","status":"ok","time_us":1000250})"))),
            "demo-1 allow   write /state/a  p/files 1B 250us\n");
  EXPECT_EQ(timeline.finish(), "");
}

TEST(Timeline, a_refusal_names_rule_reason_and_count) {
  Timeline timeline({}, "");
  EXPECT_EQ(told(timeline.add(entry(1,
                                    R"({"agent":"demo-1","call":"read","code":-2,"count":3,"kind":"refused",)"
                                    R"("reason":"not yours","rule":"p/walls","step":"policy","time_us":1})",
                                    R"({"path":"/etc/shadow"})"))),
            "demo-1 deny    read /etc/shadow  p/walls: not yours (3 times)\n");
  EXPECT_EQ(told(timeline.add(entry(2, R"({"agent":"demo-1","count":1,"kind":"refused","reason":"no such call",)"
                                       R"("step":"decode","time_us":1})"))),
            "demo-1 refused (no call)  decode: no such call\n");
}

TEST(Timeline, what_was_blocked_names_address_process_and_the_line_that_would_allow_it) {
  Timeline timeline({}, "");
  constexpr const char* kLeaf = R"({"agent":"demo-1","kind":"event","name":"blocked","time_us":1,"v":1})";
  EXPECT_EQ(told(timeline.add(entry(1, kLeaf,
                                    R"({"allow":"network: proxy","count":1,"pid":12,"program":"curl",)"
                                    R"("target":"tcp 192.0.2.1:443","what":"connect"})"))),
            "demo-1 blocked connect tcp 192.0.2.1:443 by curl (pid 12)  profile: network: proxy\n");
  EXPECT_EQ(told(timeline.add(entry(2, kLeaf, R"({"count":100,"what":"others"})"))),
            "demo-1 blocked others  100 times\n");
}

TEST(Timeline, a_failure_names_its_error) {
  Timeline timeline({}, "");
  timeline.add(entry(
      1, R"({"agent":"a","call":"exec","kind":"intent","rule":"p/r","time_us":1,"tool":"grep","verdict":"allow"})",
      R"({"arguments":{},"tool":"grep"})"));
  EXPECT_EQ(told(timeline.add(entry(2, R"({"agent":"a","call":"exec","code":-500,"duration_us":5,"exit_status":2,)"
                                       R"("intent":1,"kind":"outcome","status":"error","time_us":2})"))),
            "a failed  exec grep  p/r error (tool_failed) exit 2 5us\n");
}

TEST(Timeline, what_waits_for_a_person_is_told_at_once) {
  Timeline timeline({}, "");
  EXPECT_EQ(told(timeline.add(entry(1, R"({"agent":"a","call":"exec","kind":"intent","rule":"p/ask","time_us":1,)"
                                       R"("tool":"pay","verdict":"ask"})"))),
            "a ask     exec pay  p/ask waits for an approval\n");
}

TEST(Timeline, children_stand_below_their_parents) {
  Timeline timeline({}, "");
  timeline.add(entry(0, kStart, R"({"name":"demo","parent":""})"));
  const std::string line = timeline.add(entry(1, kChild, R"({"name":"kid","parent":"demo-1"})"));
  EXPECT_EQ(told(line), "│ kid-2 start   kid begins\n");
}

TEST(Timeline, a_filter_shows_an_agent_and_its_descendants) {
  Timeline timeline({}, "demo");
  EXPECT_NE(timeline.add(entry(0, kStart, R"({"name":"demo","parent":""})")), "");
  EXPECT_NE(timeline.add(entry(1, kChild, R"({"name":"kid","parent":"demo-1"})")), "");
  EXPECT_EQ(timeline.add(entry(2, R"({"agent":"other-3","call":"read","kind":"refused","step":"policy","time_us":1})")),
            "");
  EXPECT_NE(timeline.add(entry(3, R"({"agent":"kid-2","call":"read","kind":"refused","step":"policy","time_us":1})")),
            "");
}

TEST(Timeline, an_erased_opening_leaves_the_call_readable) {
  Timeline timeline({}, "");
  EXPECT_EQ(told(timeline.add(
                entry(1, R"({"agent":"a","call":"read","kind":"refused","rule":"p/r","step":"policy","time_us":1})"))),
            "a deny    read  p/r\n");
}

TEST(Timeline, hostile_arguments_cannot_drive_the_terminal) {
  Timeline timeline({}, "");
  const std::string line =
      timeline.add(entry(1, R"({"agent":"a","call":"read","kind":"refused","rule":"p/r","step":"policy","time_us":1})",
                         R"({"path":"/a\u001b[2J\nfake line"})"));
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
}

TEST(Timeline, calls_under_way_are_told_at_the_end) {
  Timeline timeline({}, "");
  timeline.add(entry(1, R"({"agent":"a","call":"wait","kind":"intent","rule":"p/r","time_us":1,"verdict":"allow"})"));
  EXPECT_EQ(told(timeline.finish()), "a running wait  p/r has no outcome yet\n");
}

TEST(Timeline, a_narrow_screen_cuts_and_keeps_the_verdict) {
  Timeline timeline({.is_terminal = true, .colour = false, .columns_max = 60}, "");
  const std::string line =
      timeline.add(entry(1,
                         R"({"agent":"demo-1","call":"read","kind":"refused","reason":")" + std::string(200, 'r') +
                             R"(","rule":"p/r","step":"policy","time_us":1})",
                         R"({"path":"/etc/shadow"})"));
  EXPECT_LE(display_width(line.substr(0, line.size() - 1)), 60U);
  EXPECT_NE(line.find("deny"), std::string::npos);
  EXPECT_NE(line.find("…"), std::string::npos);
}

}  // namespace
}  // namespace agentos::cli
