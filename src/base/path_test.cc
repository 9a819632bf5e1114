// What the rules of a caller change; the form itself is tested where it is used most (lib/vfs/path_test.cc).
#include "base/path.h"

#include <gtest/gtest.h>

namespace agentos::path {
namespace {

TEST(CanonicalPath, above_the_root_is_refused_or_the_root) {
  std::string scratch;
  EXPECT_FALSE(canonicalize("/../a", {}, scratch));
  EXPECT_EQ(canonicalize("/../a", {.above_root = AboveRoot::kStay}, scratch).value_or("refused"), "/a");
}

TEST(CanonicalPath, limits_are_the_callers) {
  std::string scratch;
  EXPECT_TRUE(canonicalize("/a/b", {.depth_max = 2}, scratch));
  EXPECT_FALSE(canonicalize("/a/b/c", {.depth_max = 2}, scratch));
  EXPECT_FALSE(canonicalize("/abc", {.name_bytes_max = 2}, scratch));
  EXPECT_FALSE(canonicalize("/abc", {.bytes_max = 3}, scratch));
}

TEST(CanonicalPath, a_relative_path_goes_on_from_a_canonical_one) {
  std::string path = "/home/x";
  ASSERT_TRUE(append("../y/./z//", {}, path));
  EXPECT_EQ(path, "/home/y/z");
  ASSERT_TRUE(append("", {}, path));
  EXPECT_EQ(path, "/home/y/z");
  ASSERT_TRUE(append("../../..", {}, path));
  EXPECT_EQ(path, "/");
  ASSERT_TRUE(append("a", {}, path));
  EXPECT_EQ(path, "/a");
  EXPECT_FALSE(append("../..", {}, path));
  path = "/a/b";
  EXPECT_FALSE(append("c", {.depth_max = 2}, path));
  path = "/a";
  EXPECT_FALSE(append("b\n", {}, path));
}

}  // namespace
}  // namespace agentos::path
