// Both kinds of path, on the examples of RFC 6901 section 5 and beside the road.
#include "lib/tool/executors/builtin/query.h"

#include <string>

#include <gtest/gtest.h>

namespace agentos::tool {
namespace {

class QueryTest : public testing::Test {
 protected:
  std::string at(std::string_view path) {
    const auto found = find_at(document_, path);
    if (!found) return "error: " + found.error().message;
    return *found == nullptr ? "nothing" : json::write(**found);
  }
  json::Value document_ =
      json::Object{{"foo", json::Array{"bar", "baz"}},
                   {"", 0},
                   {"a/b", 1},
                   {"c%d", 2},
                   {"k\"l", 6},
                   {" ", 7},
                   {"m~n", 8},
                   {"a", json::Object{{"b", json::Array{json::Object{{"c", 9}}, json::Array{1, 2}}}}}};
};

TEST_F(QueryTest, pointers_follow_the_rfc) {
  EXPECT_EQ(at(""), json::write(document_));
  EXPECT_EQ(at("/foo"), "[\"bar\",\"baz\"]");
  EXPECT_EQ(at("/foo/0"), "\"bar\"");
  EXPECT_EQ(at("/"), "0");
  EXPECT_EQ(at("/a~1b"), "1");
  EXPECT_EQ(at("/c%d"), "2");
  EXPECT_EQ(at("/k\"l"), "6");
  EXPECT_EQ(at("/ "), "7");
  EXPECT_EQ(at("/m~0n"), "8");
  EXPECT_EQ(at("/a/b/0/c"), "9");
}

TEST_F(QueryTest, what_is_not_there_is_nothing) {
  for (const char* path : {"/none", "/foo/2", "/foo/-", "/foo/00", "/foo/bar", "/foo/99999999999999999999", "/foo/0/x",
                           "none", "foo[2]", "foo.bar", "a[0]", "a.b[0].c.d"}) {
    EXPECT_EQ(at(path), "nothing") << path;
  }
}

TEST_F(QueryTest, simple_paths_walk_names_and_indexes) {
  EXPECT_EQ(at("foo[1]"), "\"baz\"");
  EXPECT_EQ(at("a.b[0].c"), "9");
  EXPECT_EQ(at("a.b[1][0]"), "1");
  document_ = json::Array{json::Object{{"x", 1}}};
  EXPECT_EQ(at("[0].x"), "1");
}

TEST_F(QueryTest, a_path_that_is_none_is_refused_where_it_breaks) {
  EXPECT_EQ(at("/m~2n"), "error: path, at 3: \"~\" must be followed by 0 or 1");
  EXPECT_EQ(at("/m~"), "error: path, at 3: \"~\" must be followed by 0 or 1");
  EXPECT_EQ(at("a..b"), "error: path, at 3: a name is missing");
  EXPECT_EQ(at("a."), "error: path, at 3: a name is missing");
  EXPECT_EQ(at(".a"), "error: path, at 1: a name is missing");
  EXPECT_EQ(at("a[0"), "error: path, at 2: \"[\" is never closed");
  EXPECT_EQ(at("a[x]"), "error: path, at 3: an index is missing or is not a number");
  EXPECT_EQ(at("a[0]b"), "error: path, at 5: \".\" or \"[\" is missing");
}

}  // namespace
}  // namespace agentos::tool
