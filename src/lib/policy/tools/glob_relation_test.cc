// What is said of two globs agrees with every short text, both ways.
#include "lib/policy/tools/glob_relation.h"

#include <gtest/gtest.h>

namespace agentos::policy::tools {
namespace {

Glob glob(const std::string& pattern, Glob::Style style) {
  auto made = Glob::compile(pattern, style);
  EXPECT_TRUE(made) << pattern;
  return std::move(*made);
}

// Every text of up to `most` characters of the alphabet.
std::vector<std::string> texts(std::string_view alphabet, std::size_t most) {
  std::vector<std::string> all = {""}, last = {""};
  for (std::size_t size = 1; size <= most; ++size) {
    std::vector<std::string> next;
    for (const std::string& text : last) {
      for (const char c : alphabet) next.push_back(text + c);
    }
    all.insert(all.end(), next.begin(), next.end());
    last = std::move(next);
  }
  return all;
}

void agree(const std::vector<std::string>& patterns, const std::vector<std::string>& all, Glob::Style style) {
  std::size_t covered = 0, apart = 0;
  for (const std::string& a : patterns) {
    for (const std::string& b : patterns) {
      const Glob first = glob(a, style), second = glob(b, style);
      bool all_of_second = true, both = false;
      for (const std::string& text : all) {
        all_of_second = all_of_second && (!second.matches(text) || first.matches(text));
        both = both || (first.matches(text) && second.matches(text));
      }
      EXPECT_EQ(covers(first, second, style), all_of_second) << a << " over " << b;
      EXPECT_EQ(may_meet(first, second, style), both) << a << " and " << b;
      covered += all_of_second ? 1 : 0;
      apart += both ? 0 : 1;
    }
  }
  EXPECT_GT(covered, patterns.size());
  EXPECT_GT(apart, 0u);
}

TEST(GlobRelation, names_agree_with_every_short_text) {
  agree({"*", "a", "a*", "*a", "a*b", "*a*", "??", "a?", "?b", "ab", "ba*", "*ab"}, texts("abz", 6),
        Glob::Style::kName);
}

TEST(GlobRelation, paths_agree_with_every_short_canonical_path) {
  std::vector<std::string> paths;
  for (const std::string& text : texts("ab/", 7)) {
    const bool canonical =
        text == "/" || (text.starts_with('/') && !text.ends_with('/') && text.find("//") == std::string::npos);
    if (canonical) paths.push_back(text);
  }
  agree({"/**", "/a", "/a/**", "/*", "/a/*", "/**/b", "/a/**/b", "/*/b", "/**/a/**", "/ab*", "/a?", "/"}, paths,
        Glob::Style::kPath);
}

TEST(GlobRelation, an_empty_list_is_everything) {
  const std::vector<Glob> some = {glob("a*", Glob::Style::kName), glob("b", Glob::Style::kName)};
  EXPECT_TRUE(covers(std::vector<Glob>(), some, Glob::Style::kName));
  EXPECT_FALSE(covers(some, std::vector<Glob>(), Glob::Style::kName));
  EXPECT_TRUE(covers(std::vector<Glob>{glob("*", Glob::Style::kName)}, std::vector<Glob>(), Glob::Style::kName));
  EXPECT_TRUE(may_meet(std::vector<Glob>(), some, Glob::Style::kName));
  EXPECT_TRUE(covers(some, {glob("ab", Glob::Style::kName), glob("b", Glob::Style::kName)}, Glob::Style::kName));
}

}  // namespace
}  // namespace agentos::policy::tools
