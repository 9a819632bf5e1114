// What leads elsewhere is named; what programs ordinarily send is not.
#include "lib/egress/path_spelling.h"

#include <gtest/gtest.h>

namespace agentos::egress {
namespace {

TEST(PathSpelling, dots_that_a_server_may_see_are_found) {
  for (const char* path : {"/pub/..%2Fadmin",
                           "/pub%2F..%2Fadmin",
                           "/pub%2f..%2fadmin",
                           "/pub/..;/admin",
                           "/pub/..;x=1/admin",
                           "/pub/.;/admin",
                           "/pub/..%5Cadmin",
                           "/pub%5C..%5Cadmin",
                           "/pub/%252e%252e/admin",
                           "/pub/..%252fadmin",
                           "/pub/%25252e%25252e/admin",
                           "/pub/..%3B/admin",
                           "/pub/%c0%ae%c0%ae/admin",
                           "/pub/..%c0%afadmin",
                           "/pub/%u002e%u002e/admin",
                           "/..;",
                           "/pub/..%2F",
                           "/pub/%2525252525252e",
                           "/pub/;/admin",
                           "/;x/admin",
                           "/pub/%2Fadmin",
                           "/%2Fadmin",
                           "/pub%2F%2Fadmin"}) {
    EXPECT_NE(hidden_way(path), nullptr) << path;
  }
}

TEST(PathSpelling, ordinary_paths_are_plain) {
  for (const char* path : {"/", "", "/a", "/a/", "/projects/group%2Fproject/issues", "/@scope%2Fname",
                           "/fetch/https%3A%2F%2Fa.example%2Fx", "/a;v=1/b", "/a%20b", "/a%25b", "/100%25", "/..a/b..",
                           "/a/...", "/%C3%A4", "/x%3By", "/a.b/c", "/a%2F"}) {
    EXPECT_EQ(hidden_way(path), nullptr) << path << ": " << hidden_way(path);
  }
}

TEST(PathSpelling, fields_that_say_another_method_or_path_are_known) {
  for (const char* name : {"X-HTTP-Method-Override", "x-http-method", "X_HTTP_Method_Override", "X-Original-URL",
                           "X-Rewrite-Url", "X-Method-Override"}) {
    EXPECT_TRUE(overrides_request_line(name)) << name;
  }
  for (const char* name : {"X-Forwarded-For", "X-Method", "Host", "Accept", "X-Original"}) {
    EXPECT_FALSE(overrides_request_line(name)) << name;
  }
}

}  // namespace
}  // namespace agentos::egress
