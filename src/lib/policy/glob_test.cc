// Globs: what matches, what is refused, agreement with an obvious recursive matcher, and bounded time.
#include "lib/policy/glob.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "lib/policy/limits.h"

namespace agentos::policy {
namespace {

bool path_matches(std::string_view pattern, std::string_view text) {
  Result<Glob> glob = Glob::compile(pattern, Glob::Style::kPath);
  EXPECT_TRUE(glob.has_value()) << pattern;
  return glob && glob->matches(text);
}
bool name_matches(std::string_view pattern, std::string_view text) {
  Result<Glob> glob = Glob::compile(pattern, Glob::Style::kName);
  EXPECT_TRUE(glob.has_value()) << pattern;
  return glob && glob->matches(text);
}
std::string glob_refusal(std::string_view pattern, Glob::Style style) {
  Result<Glob> glob = Glob::compile(pattern, style);
  return glob ? "accepted" : glob.error().message;
}

TEST(Glob, star_stays_in_its_component_and_two_stars_cross) {
  EXPECT_TRUE(path_matches("/mem/*", "/mem/a"));
  EXPECT_FALSE(path_matches("/mem/*", "/mem/a/b"));
  EXPECT_FALSE(path_matches("/mem/*", "/mem"));
  EXPECT_TRUE(path_matches("/mem/**", "/mem"));
  EXPECT_TRUE(path_matches("/mem/**", "/mem/a/b"));
  EXPECT_FALSE(path_matches("/mem/**", "/memory"));
  EXPECT_FALSE(path_matches("/mem/**", "/"));
  EXPECT_TRUE(path_matches("/**", "/"));
  EXPECT_TRUE(path_matches("/**", "/a/b"));
  EXPECT_TRUE(path_matches("/a/**/z", "/a/z"));
  EXPECT_TRUE(path_matches("/a/**/z", "/a/b/c/z"));
  EXPECT_FALSE(path_matches("/a/**/z", "/a/b/c/zz"));
  EXPECT_TRUE(path_matches("/**/*.txt", "/x.txt"));
  EXPECT_TRUE(path_matches("/**/*.txt", "/a/b/x.txt"));
  EXPECT_FALSE(path_matches("/**/*.txt", "/a/x.txt/b"));
  EXPECT_TRUE(path_matches("/**/a/**/b/**", "/q/a/q/b"));
  EXPECT_FALSE(path_matches("/**/a/**/b/**", "/q/b/q/a"));
  EXPECT_TRUE(path_matches("/", "/"));
  EXPECT_FALSE(path_matches("/", "/a"));
  EXPECT_FALSE(path_matches("/*", "/"));
}

TEST(Glob, names_know_no_components) {
  EXPECT_TRUE(name_matches("*", "anything/at.all"));
  EXPECT_TRUE(name_matches("git_*", "git_push"));
  EXPECT_FALSE(name_matches("git_*", "agit_push"));
  EXPECT_TRUE(name_matches("*_push", "git_push"));
  EXPECT_TRUE(name_matches("*a*b*", "xxaxxbxx"));
  EXPECT_FALSE(name_matches("*a*b*", "xxbxxaxx"));
  EXPECT_TRUE(name_matches("demo-?", "demo-3"));
  EXPECT_FALSE(name_matches("demo-?", "demo-33"));
  EXPECT_FALSE(name_matches("Demo", "demo"));
}

TEST(Glob, a_question_mark_is_one_character_not_one_octet) {
  EXPECT_TRUE(name_matches("?", "\xc3\xa9"));
  EXPECT_FALSE(name_matches("??", "\xc3\xa9"));
  EXPECT_FALSE(name_matches("*??", "\xe2\x82\xac"));
  EXPECT_TRUE(name_matches("*??", "\xe2\x82\xac\xc3\xa9"));
  EXPECT_FALSE(path_matches("/a?b", "/a/b"));
}

TEST(Glob, the_empty_text_matches_nothing) {
  EXPECT_FALSE(name_matches("*", ""));
  EXPECT_FALSE(path_matches("/**", ""));
}

TEST(Glob, refuses_what_it_would_not_understand) {
  const auto kPath = Glob::Style::kPath;
  const auto kName = Glob::Style::kName;
  EXPECT_EQ(glob_refusal("", kName), "a glob cannot be empty");
  EXPECT_EQ(glob_refusal("!x", kName), "\"!x\": a glob cannot be negated");
  EXPECT_EQ(glob_refusal("a[b]", kName), "\"a[b]\": '[' has no meaning in a glob");
  EXPECT_EQ(glob_refusal("a{b,c}", kName), "\"a{b,c}\": '{' has no meaning in a glob");
  EXPECT_EQ(glob_refusal("a\\*", kName), "\"a\\*\": '\\' has no meaning in a glob");
  EXPECT_EQ(glob_refusal("a**", kName), "\"a**\": '**' is for paths");
  EXPECT_EQ(glob_refusal("a\nb", kName), "a glob has a control character");
  EXPECT_EQ(glob_refusal("\xff", kName), "a glob must be valid UTF-8");
  EXPECT_EQ(glob_refusal("mem/*", kPath), "\"mem/*\": a path glob must start with '/'");
  EXPECT_EQ(glob_refusal("/mem/", kPath), "\"/mem/\": a path glob has no empty component");
  EXPECT_EQ(glob_refusal("/a//b", kPath), "\"/a//b\": a path glob has no empty component");
  EXPECT_EQ(glob_refusal("/a/../b", kPath), "\"/a/../b\": \"..\" never occurs in a canonical path");
  EXPECT_EQ(glob_refusal("/a/b**", kPath), "\"/a/b**\": '**' must stand alone between slashes");
  EXPECT_EQ(glob_refusal("/a/***", kPath), "\"/a/***\": '**' must stand alone between slashes");
  EXPECT_EQ(glob_refusal(std::string(kPatternBytesMax + 1, 'a'), kName), "a glob of 257 octets is too long");
  std::string deep;
  for (std::size_t i = 0; i <= kPathDepthMax; ++i) deep += "/a";
  EXPECT_EQ(glob_refusal(deep, kPath), "a path glob has too many components");
}

TEST(Glob, knows_the_folder_every_match_lies_below) {
  auto folder = [](const char* pattern) { return std::string(Glob::compile(pattern, Glob::Style::kPath)->folder()); };
  EXPECT_EQ(folder("/a/b"), "/a/b");
  EXPECT_EQ(folder("/a/b/**"), "/a/b");
  EXPECT_EQ(folder("/a/b*/c"), "/a");
  EXPECT_EQ(folder("/a?/b"), "");
  EXPECT_EQ(folder("/**/x"), "");
  EXPECT_EQ(folder("/"), "");
}

TEST(Glob, its_example_matches) {
  for (const char* pattern : {"/a/**/b*/?", "/**", "/a/*.txt", "/"}) {
    Glob glob = *Glob::compile(pattern, Glob::Style::kPath);
    EXPECT_TRUE(glob.matches(glob.example())) << pattern << " " << glob.example();
  }
}

// The obvious matcher over components, exponential but right.
bool naive_component(std::string_view p, std::string_view t) {
  if (p.empty()) return t.empty();
  if (p[0] == '*') return naive_component(p.substr(1), t) || (!t.empty() && naive_component(p, t.substr(1)));
  return !t.empty() && (p[0] == '?' || p[0] == t[0]) && naive_component(p.substr(1), t.substr(1));
}
bool naive_path(const std::vector<std::string>& p, std::size_t i, const std::vector<std::string>& t, std::size_t j) {
  if (i == p.size()) return j == t.size();
  if (p[i] == "**") return naive_path(p, i + 1, t, j) || (j < t.size() && naive_path(p, i, t, j + 1));
  return j < t.size() && naive_component(p[i], t[j]) && naive_path(p, i + 1, t, j + 1);
}

TEST(Glob, agrees_with_the_obvious_matcher) {
  std::mt19937 random(7);
  auto pick = [&](std::initializer_list<const char*> words) {
    return std::string(words.begin()[random() % words.size()]);
  };
  int matched = 0;
  for (int round = 0; round < 100'000; ++round) {
    std::vector<std::string> p, t;
    std::string pattern, text;
    for (std::size_t n = 1 + random() % 5; n > 0; --n) {
      p.push_back(pick({"**", "*", "a", "b", "a*", "*b", "?", "a?b", "*a*", "*a*b"}));
      pattern += "/" + p.back();
    }
    for (std::size_t n = random() % 6; n > 0; --n) {
      t.push_back(pick({"a", "b", "ab", "aab", "ba", "aabb", "abab"}));
      text += "/" + t.back();
    }
    if (text.empty()) text = "/";
    const bool expected = naive_path(p, 0, t, 0);
    matched += expected ? 1 : 0;
    ASSERT_EQ(path_matches(pattern, text), expected) << pattern << " " << text;
  }
  EXPECT_GT(matched, 5'000);
}

TEST(Glob, time_is_bounded_however_many_stars) {
  std::string stars = "/**";
  for (int i = 0; i < 60; ++i) stars += "/**";
  std::string components = "/**/*a*a*a*a*a*a*a*a*b/**/*a*a*a*a*a*a*a*a*b/**/*a*a*a*a*c";
  std::string path;
  while (path.size() < 3800) path += "/" + std::string(60, 'a');
  auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(path_matches(components, path));
  EXPECT_FALSE(path_matches(stars.substr(0, 180) + "/z", path));
  EXPECT_FALSE(name_matches("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", std::string(4000, 'a')));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

}  // namespace
}  // namespace agentos::policy
