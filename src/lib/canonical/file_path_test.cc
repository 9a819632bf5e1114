// Host paths have one spelling, and what only a file system knows is marked.
#include "lib/canonical/file_path.h"

#include <gtest/gtest.h>

namespace agentos::canonical {
namespace {

std::string path_form(std::string_view text, std::string_view base = "/project") {
  std::string scratch;
  const auto path = read_file_path(text, base, scratch);
  return path ? std::string(path->text) : "refused";
}

TEST(FilePath, every_spelling_of_a_place_is_one) {
  for (const char* text : {"/etc/passwd", "//etc//passwd", "/etc/./passwd", "/etc/passwd/", "/x/../etc/passwd",
                           "/../etc/passwd", "../etc/passwd", "../../../etc/passwd", "./../etc/x/../passwd"}) {
    EXPECT_EQ(path_form(text), "/etc/passwd") << text;
  }
  EXPECT_EQ(path_form("a/b"), "/project/a/b");
  EXPECT_EQ(path_form("."), "/project");
  EXPECT_EQ(path_form(".."), "/");
  EXPECT_EQ(path_form("/"), "/");
  EXPECT_EQ(path_form("a", "/"), "/a");
  EXPECT_EQ(path_form("a", "/x/../y/"), "/y/a");
}

TEST(FilePath, nothing_is_expanded) {
  EXPECT_EQ(path_form("~/x"), "/project/~/x");
  EXPECT_EQ(path_form("/a/*"), "/a/*");
  EXPECT_EQ(path_form("$HOME/x"), "/project/$HOME/x");
  std::string scratch;
  EXPECT_TRUE(read_file_path("~root/x", "/project", scratch)->starts_with_tilde);
}

TEST(FilePath, what_a_link_could_change_is_marked) {
  std::string scratch;
  EXPECT_TRUE(read_file_path("/a/../b", "", scratch)->climbs);
  EXPECT_TRUE(read_file_path("../b", "/project", scratch)->climbs);
  EXPECT_FALSE(read_file_path("../b", "/", scratch)->climbs);
  EXPECT_FALSE(read_file_path("/../b", "", scratch)->climbs);
  EXPECT_FALSE(read_file_path("/a/..b/c..", "", scratch)->climbs);
  EXPECT_TRUE(read_file_path("/a/", "", scratch)->trailing_slash);
  EXPECT_FALSE(read_file_path("//", "", scratch)->trailing_slash);
}

TEST(FilePath, what_is_no_path_is_refused) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv, "/a\0b"sv, "/a\nb"sv, "/a\x7f"sv, "/\xff"sv, "a\x01"sv})
    EXPECT_EQ(path_form(text), "refused");
  EXPECT_EQ(path_form("a", ""), "refused");
  EXPECT_EQ(path_form("a", "b"), "refused");
  EXPECT_EQ(path_form("/" + std::string(256, 'a')), "refused");
  EXPECT_EQ(path_form("/" + std::string(kFilePathBytesMax, '/')), "refused");
  std::string deep;
  for (std::size_t i = 0; i <= kFilePathDepthMax; ++i) deep += "/a";
  EXPECT_EQ(path_form(deep), "refused");
}

}  // namespace
}  // namespace agentos::canonical
