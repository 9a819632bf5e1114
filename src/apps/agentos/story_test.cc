// Agents, calls and endings from entries, and that a page is safe whatever is in them.
#include "apps/agentos/story.h"

#include <gtest/gtest.h>

#include "apps/agentos/spans.h"
#include "apps/agentos/story_drawing.h"

namespace agentos::cli {
namespace {

class StoryTest : public ::testing::Test {
 protected:
  void add(std::string leaf, std::string opening = {}) {
    story_.add({.index = next_++,
                .leaf = std::move(leaf),
                .opening = opening.empty() ? std::nullopt : std::optional<std::string>(std::move(opening)),
                .opening_matches = true});
  }
  void start(const std::string& agent, const std::string& name, const std::string& parent) {
    add(R"({"agent":")" + agent + R"(","kind":"event","name":"agent_start","run":"run-)" + agent +
            R"(","time_us":1000000})",
        R"({"kind":"process","name":")" + name + R"(","parent":")" + parent + R"("})");
  }
  recorder::Index call(const std::string& agent, const std::string& arguments) {
    add(R"({"agent":")" + agent +
            R"(","call":"write","effect":"state","kind":"intent","rule":"p/r","time_us":1500000,)"
            R"("verdict":"allow"})",
        arguments);
    return next_ - 1;
  }
  Story story_;
  recorder::Index next_ = 0;
};

TEST_F(StoryTest, a_child_stands_where_it_began_and_calls_have_their_endings) {
  start("a-1", "a", "");
  const auto first = call("a-1", R"({"path":"/state/x"})");
  start("b-2", "b", "a-1");
  call("b-2", R"({"path":"/state/y"})");
  add(R"({"agent":"a-1","call":"write","duration_us":250,"intent":)" + std::to_string(first) +
      R"(,"kind":"outcome","status":"ok","time_us":1500250})");
  add(R"({"agent":"a-1","call":"read","count":3,"kind":"refused","reason":"no","rule":"p/no","step":"policy","time_us":2000000})");
  add(R"({"agent":"a-1","kind":"event","name":"agent_exit","time_us":3000000})", R"({"cause":"exit","code":0})");
  ASSERT_EQ(story_.roots("").size(), 1u);
  EXPECT_EQ(draw(story_, story_.roots("a"), {}).substr(0, 8), "a-1 \"a\" ");
  const std::string drawn = draw(story_, story_.roots(""), {});
  EXPECT_NE(drawn.find("   +0.500 allow   write /state/x  p/r  250us\n"), std::string::npos) << drawn;
  EXPECT_NE(drawn.find("├─ b-2 \"b\""), std::string::npos) << drawn;
  EXPECT_NE(drawn.find("│  │     +0.500 allow   write /state/y  p/r  no outcome yet\n"), std::string::npos) << drawn;
  EXPECT_NE(drawn.find("deny    read  p/no: no  3 times"), std::string::npos) << drawn;
  EXPECT_NE(drawn.find("1 allowed, 3 refused"), std::string::npos) << drawn;
  EXPECT_EQ(story_.roots("run-b-2"), std::vector<std::size_t>{1});
  EXPECT_TRUE(story_.roots("nobody").empty());
}

TEST_F(StoryTest, a_line_is_as_wide_as_the_screen) {
  start("a-1", "a", "");
  call("a-1", R"({"path":"/state/)" + std::string(300, 'x') + R"("})");
  for (const std::string& line : {draw(story_, story_.roots(""), {.columns_max = 60})}) {
    for (std::size_t at = 0; at < line.size(); at = line.find('\n', at) + 1)
      EXPECT_LE(display_width(line.substr(at, line.find('\n', at) - at)), 100u);
  }
}

TEST_F(StoryTest, previews_show_what_they_keep) {
  start("a-1", "a", "");
  call("a-1", R"({"digest":"x","preview":{"data":"cut…[+9]","path":"/state/long"},"size":5000})");
  EXPECT_EQ(story_.calls()[0].what, "/state/long");
}

TEST_F(StoryTest, an_agent_that_claims_to_be_its_own_ancestor_is_drawn_once) {
  start("a-1", "a", "b-2");
  start("b-2", "b", "a-1");
  start("a-1", "a", "b-2");
  EXPECT_LT(draw(story_, {0, 1}, {}).size(), 2000u);
  EXPECT_LT(json::write(to_json(story_, {0, 1})).size(), 5000u);
  EXPECT_FALSE(html_page(story_, {0, 1}, "t", "s").empty());
  EXPECT_FALSE(otlp_requests(story_, {0, 1}, "log").empty());
}

TEST_F(StoryTest, text_of_the_log_stays_text_in_the_page) {
  const std::string hostile = R"(</style></script><script>alert(1)</script>\" onclick=x '&\u202e\u001b[2J)";
  start(R"(a</b><i onload=1>)", R"(<svg onload=alert(1)>)", "");
  add(R"({"agent":"a</b><i onload=1>","call":"<b>","kind":"refused","reason":")" + hostile + R"(","rule":")" + hostile +
          R"(","step":"<i>","time_us":1})",
      R"({"path":")" + hostile + R"("})");
  const std::string page = html_page(story_, story_.roots(""), "<title>", "<source>");
  for (const char* bad : {"<script", "<svg", "<source", "onload=1>", "<b>&", "</style></script", "\x1b", "\u202e"})
    EXPECT_EQ(page.find(bad), std::string::npos) << bad;
  EXPECT_NE(page.find("&lt;/script&gt;&lt;script&gt;alert(1)"), std::string::npos);
}

TEST_F(StoryTest, the_same_log_gives_the_same_spans) {
  start("a-1", "a", "");
  call("a-1", R"({"path":"/state/x"})");
  const auto first = otlp_requests(story_, story_.roots(""), "log");
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first, otlp_requests(story_, story_.roots(""), "log"));
  EXPECT_NE(first, otlp_requests(story_, story_.roots(""), "another log"));
  const auto request = json::parse(first[0]);
  ASSERT_TRUE(request.has_value());
}

}  // namespace
}  // namespace agentos::cli
