// Which paths are one path, which are none, and that the usual ones cost no copy.
#include "lib/vfs/path.h"

#include <string>

#include <gtest/gtest.h>

namespace agentos::vfs {
namespace {

std::string canonical(std::string_view path) {
  std::string scratch;
  const auto result = canonicalize(path, scratch);
  return result ? std::string(*result) : "refused: " + result.error().message;
}
bool refused(std::string_view path) {
  std::string scratch;
  const auto result = canonicalize(path, scratch);
  return !result && result.error().code == ErrorCode::kInvalidArgument;
}

TEST(Path, a_canonical_path_is_returned_itself) {
  std::string scratch;
  for (const std::string_view path : {"/", "/a", "/mem/working/notes.txt", "/a/...", "/.hidden/..x/x..", "/é/日本"}) {
    const auto result = canonicalize(path, scratch);
    ASSERT_TRUE(result) << path;
    EXPECT_EQ(result->data(), path.data()) << path;
    EXPECT_EQ(result->size(), path.size());
  }
}

TEST(Path, spellings_of_one_place_become_one) {
  EXPECT_EQ(canonical("/mem/working/../../policy/x"), "/policy/x");
  EXPECT_EQ(canonical("//policy/x"), "/policy/x");
  EXPECT_EQ(canonical("/policy/./x"), "/policy/x");
  EXPECT_EQ(canonical("/policy//x/"), "/policy/x");
  EXPECT_EQ(canonical("/policy/x/."), "/policy/x");
  EXPECT_EQ(canonical("/a/b/../c/.."), "/a");
  EXPECT_EQ(canonical("///"), "/");
  EXPECT_EQ(canonical("/."), "/");
  EXPECT_EQ(canonical("/a/.."), "/");
}

TEST(Path, what_is_no_path_is_refused) {
  EXPECT_TRUE(refused(""));
  EXPECT_TRUE(refused("a/b"));
  EXPECT_TRUE(refused("./a"));
  EXPECT_TRUE(refused("/.."));
  EXPECT_TRUE(refused("/a/../.."));
  EXPECT_TRUE(refused("/a/../../policy"));
  EXPECT_TRUE(refused(std::string_view("/a\0b", 4)));
  EXPECT_TRUE(refused("/a\nb"));
  EXPECT_TRUE(refused("/a\x7f"));
  EXPECT_TRUE(refused("/a\xc2\x85"));  // U+0085, a control of the second set
  EXPECT_TRUE(refused("/\xff"));
  EXPECT_TRUE(refused("/\xc0\xaf"));      // an overlong "/"
  EXPECT_TRUE(refused("/\xed\xa0\x80"));  // a surrogate
}

TEST(Path, an_error_names_the_octet) {
  EXPECT_EQ(canonical("/ab\ncd"), "refused: the path has a control character at octet 3");
}

TEST(Path, bounds_hold_exactly) {
  EXPECT_FALSE(refused("/" + std::string(kNameBytesMax, 'a')));
  EXPECT_TRUE(refused("/" + std::string(kNameBytesMax + 1, 'a')));
  std::string deep;
  for (std::size_t i = 0; i < kPathDepthMax; ++i) deep += "/d";
  EXPECT_FALSE(refused(deep));
  EXPECT_TRUE(refused(deep + "/d"));
  EXPECT_FALSE(refused(deep + "/..//d"));
  std::string longest;
  for (int i = 0; i < 16; ++i) longest += "/" + std::string(kNameBytesMax, 'n');
  ASSERT_EQ(longest.size(), kPathBytesMax);
  EXPECT_FALSE(refused(longest));
  EXPECT_TRUE(refused(longest + "/"));
}

TEST(Path, parent_and_name_split_at_the_last_slash) {
  EXPECT_EQ(parent_of("/a/b"), "/a");
  EXPECT_EQ(parent_of("/a"), "/");
  EXPECT_EQ(parent_of("/"), "/");
  EXPECT_EQ(name_of("/a/b"), "b");
  EXPECT_EQ(name_of("/"), "");
}

TEST(Path, contains_compares_whole_names) {
  EXPECT_TRUE(contains("/mem/working", "/mem/working"));
  EXPECT_TRUE(contains("/mem/working", "/mem/working/x"));
  EXPECT_FALSE(contains("/mem/working", "/mem/workingX"));
  EXPECT_FALSE(contains("/mem/working", "/mem"));
  EXPECT_TRUE(contains("/", "/anything"));
}

}  // namespace
}  // namespace agentos::vfs
