// A child under another profile has nothing that its parent has not.
#include "lib/sandbox/profile_narrowed.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "lib/sandbox/plan_rules.h"

namespace agentos::sandbox {
namespace {

constexpr std::uint8_t kReadOnly = static_cast<std::uint8_t>(Access::kRead);
constexpr std::uint8_t kReadRun = Access::kRead | Access::kExecute;
constexpr std::uint8_t kReadChange = Access::kRead | Access::kWrite;

Profile profile_with(std::vector<FileRule> files) {
  Profile profile;
  profile.files = std::move(files);
  return profile;
}

TEST(Narrowed, only_files_of_the_parent_are_left) {
  const Profile child =
      narrowed(profile_with({{"/project", kReadRun}, {"/usr/lib", kReadOnly}}), *preset_profile("tool"));
  EXPECT_EQ(child.name, "tool");
  EXPECT_FALSE(granted(child.files, "/etc/passwd", Access::kRead));
  EXPECT_FALSE(granted(child.files, "/usr/bin/python3", Access::kRead));
  EXPECT_FALSE(granted(child.files, "/project", Access::kRead));
  EXPECT_FALSE(granted(child.files, "${tmp}", Access::kWrite));
  EXPECT_TRUE(granted(child.files, "/usr/lib/x.so", Access::kRead));
  EXPECT_FALSE(granted(child.files, "/usr/lib/x.so", Access::kExecute));
}

TEST(Narrowed, under_a_wide_parent_it_is_what_was_wanted) {
  for (const char* name : {"agent-default", "workspace", "unconfined-files", "tool"}) {
    const Profile wanted = *preset_profile("tool");
    Profile child = narrowed(*preset_profile(name), wanted);
    for (const FileRule& rule : wanted.files) {
      for (const Access access : {Access::kRead, Access::kWrite, Access::kExecute}) {
        const bool has = (rule.access & static_cast<std::uint8_t>(access)) != 0;
        EXPECT_EQ(granted(child.files, rule.path, access), has) << name << rule.path;
      }
    }
    EXPECT_EQ(child.limits.memory_bytes, wanted.limits.memory_bytes);
    EXPECT_EQ(child.network, Network::kNone);
  }
}

TEST(Narrowed, what_the_parent_has_taken_away_or_replaced_stays_so) {
  const auto denied = static_cast<std::uint8_t>(Access::kRead);
  const Profile child = narrowed(
      profile_with(
          {{"/usr", kReadChange}, {"/usr/share/keys", 0, false, denied}, {"/usr/doc", kReadOnly, false, 0, "/copy"}}),
      profile_with({{"/usr", kReadRun}, {"/usr/doc/new", kReadOnly}}));
  const std::vector<FileRule>& files = child.files;
  const auto find = [&](std::string_view path, std::string_view from) {
    return std::ranges::find_if(files, [&](const FileRule& rule) { return rule.path == path && rule.from == from; });
  };
  ASSERT_NE(find("/usr", ""), files.end());
  EXPECT_EQ(find("/usr", "")->access, kReadOnly);
  ASSERT_NE(find("/usr/share/keys", ""), files.end());
  EXPECT_EQ(find("/usr/share/keys", "")->denied, denied);
  EXPECT_NE(find("/usr/doc", "/copy"), files.end());
  EXPECT_NE(find("/usr/doc/new", "/copy/new"), files.end());
}

TEST(Narrowed, the_smaller_limit_and_the_stricter_rest_hold) {
  Profile parent = profile_with({});
  parent.limits = {.memory_bytes = 64, .processes = 4, .open_files = 0, .wall_ms = 500'000, .tree_memory_bytes = 7};
  parent.namespaces = Namespaces::kRequired;
  parent.promises = {"read_files"};
  Profile wanted = *preset_profile("tool");
  wanted.network = Network::kProxy;
  wanted.ipc = Ipc::kPrivate;
  wanted.identity = Identity::kSame;
  wanted.internal_addresses = {"10.0.0.1"};
  wanted.unprotected = {".git/hooks"};
  wanted.environment_allow = {"TOKEN"};
  const Profile child = narrowed(parent, wanted);
  EXPECT_EQ(child.limits.memory_bytes, 64);
  EXPECT_EQ(child.limits.processes, 4);
  EXPECT_EQ(child.limits.open_files, 256);
  EXPECT_EQ(child.limits.wall_ms, 120'000);
  EXPECT_EQ(child.limits.tree_memory_bytes, 7);
  EXPECT_EQ(child.namespaces, Namespaces::kRequired);
  EXPECT_EQ(child.promises, std::vector<std::string>{"read_files"});
  EXPECT_EQ(child.network, Network::kNone);
  EXPECT_EQ(child.ipc, Ipc::kNone);
  EXPECT_EQ(child.identity, Identity::kUnprivileged);
  EXPECT_TRUE(child.internal_addresses.empty() && child.unprotected.empty() && child.environment_allow.empty());
}

}  // namespace
}  // namespace agentos::sandbox
