// Profile documents: what is read, and what each mistake is told.
#include <gtest/gtest.h>

#include "lib/sandbox/profile.h"

namespace agentos::sandbox {
namespace {

constexpr std::string_view kHead = "apiVersion: agentos/v1\nkind: Profile\nmetadata: {name: mine}\n";

Result<Profile> read(std::string_view rest) { return parse_profile(std::string(kHead) + std::string(rest), "p.yaml"); }

std::string error_of(std::string_view rest) {
  const auto profile = read(rest);
  return profile.has_value() ? "accepted" : profile.error().message;
}

TEST(ProfileDocument, every_key_is_read) {
  const auto profile = read(
      "files:\n  read: [/srv/a, {path: /srv/b, optional: true}]\n  write: ['${tmp}/x']\n  execute: [/opt/bin]\n"
      "network: host\nlimits: {memory_bytes: 1, cpu_seconds: 2, processes: 3, open_files: 4, file_bytes: 5, wall_ms: "
      "6}\n"
      "environment: [HOME_PAGE]\nprivate_tmp: true\ntrace: true\n");
  ASSERT_TRUE(profile.has_value()) << profile.error().message;
  EXPECT_EQ(profile->name, "mine");
  ASSERT_EQ(profile->files.size(), 4U);
  EXPECT_EQ(profile->files[0].access, static_cast<std::uint8_t>(Access::kRead));
  EXPECT_FALSE(profile->files[0].optional);
  EXPECT_EQ(profile->files[1].path, "/srv/b");
  EXPECT_TRUE(profile->files[1].optional);
  EXPECT_EQ(profile->files[2].access, Access::kRead | Access::kWrite);
  EXPECT_EQ(profile->files[3].access, Access::kRead | Access::kExecute);
  EXPECT_EQ(profile->network, Network::kHost);
  EXPECT_EQ(profile->limits.memory_bytes, 1);
  EXPECT_EQ(profile->limits.wall_ms, 6);
  ASSERT_EQ(profile->environment_allow.size(), 1U);
  EXPECT_EQ(profile->environment_allow[0], "HOME_PAGE");
}

TEST(ProfileDocument, every_key_of_isolation_is_read) {
  const auto profile = read(
      "files: {read: ['${home}/x'], deny: {read: ['${cwd}/.env'], write: [/a, /b], execute: ['${tmp}']}}\n"
      "devices: [/dev/fuse]\nipc: private\nidentity: same\nisolation: {namespaces: never, landlock_abi_max: 2}\n"
      "promises: [see_names, survive]\nunprotected: [.git/hooks]\n"
      "limits: {tree_memory_bytes: 7, tree_cpu_percent: 50}\n");
  ASSERT_TRUE(profile.has_value()) << profile.error().message;
  ASSERT_EQ(profile->files.size(), 6U);
  EXPECT_EQ(profile->files[0].denied, static_cast<std::uint8_t>(Access::kRead));
  EXPECT_EQ(profile->files[0].access, 0);
  EXPECT_EQ(profile->files[2].denied, static_cast<std::uint8_t>(Access::kWrite));
  EXPECT_EQ(profile->files[3].denied, static_cast<std::uint8_t>(Access::kExecute));
  EXPECT_EQ(profile->files[4].path, "${home}/x");
  EXPECT_EQ(profile->files[5].access, Access::kRead | Access::kWrite);
  EXPECT_EQ(profile->ipc, Ipc::kPrivate);
  EXPECT_EQ(profile->identity, Identity::kSame);
  EXPECT_EQ(profile->namespaces, Namespaces::kNever);
  EXPECT_EQ(profile->landlock_abi_max, 2);
  EXPECT_EQ(profile->promises, (std::vector<std::string>{"see_names", "survive"}));
  EXPECT_EQ(profile->unprotected, std::vector<std::string>{".git/hooks"});
  EXPECT_EQ(profile->limits.tree_memory_bytes, 7);
  EXPECT_EQ(profile->limits.tree_cpu_percent, 50);
}

TEST(ProfileDocument, mistakes_about_isolation_are_refused_with_a_suggestion) {
  const auto profile = read("promises: [see_nmaes]\n");
  ASSERT_FALSE(profile.has_value());
  EXPECT_TRUE(profile.error().message.starts_with("p.yaml:4:12:")) << profile.error().message;
  EXPECT_EQ(profile.error().hint, "did you mean \"see_names\"?");
  EXPECT_TRUE(error_of("isolation: {namespaces: no-thanks}\n").starts_with("p.yaml:4:25:"));
  EXPECT_TRUE(error_of("isolation: {landlock_abi_max: 0}\n").starts_with("p.yaml:4:31:"));
  EXPECT_TRUE(error_of("devices: [/etc/passwd]\n").starts_with("p.yaml:4:11:"));
  EXPECT_TRUE(error_of("files: {deny: {see: []}}\n").starts_with("p.yaml:4:16:"));
  EXPECT_TRUE(error_of("identity: root\n").starts_with("p.yaml:4:11:"));
}

TEST(ProfileDocument, a_grant_may_say_from_where_and_what_is_taken_away_may_not) {
  const auto profile = read("files: {write: [{path: /srv/x, from: /srv/copy}]}\n");
  ASSERT_TRUE(profile.has_value()) << profile.error().message;
  EXPECT_EQ(profile->files[0].from, "/srv/copy");
  EXPECT_FALSE(read("files: {write: [{path: /srv/x, from: copy}]}\n").has_value());
  EXPECT_FALSE(read("files: {write: [{path: /srv/x, from: [/srv/copy]}]}\n").has_value());
  EXPECT_FALSE(read("files: {deny: {write: [{path: /srv/x, from: /srv/copy}]}}\n").has_value());
}

TEST(ProfileDocument, extending_adds_to_a_preset) {
  const auto profile = read("extends: tool\nfiles: {read: [/srv]}\nlimits: {processes: 7}\n");
  ASSERT_TRUE(profile.has_value()) << profile.error().message;
  const auto preset = preset_profile("tool");
  EXPECT_EQ(profile->files.size(), preset->files.size() + 1);
  EXPECT_EQ(profile->limits.processes, 7);
  EXPECT_EQ(profile->limits.memory_bytes, preset->limits.memory_bytes);
  EXPECT_EQ(profile->name, "mine");
}

TEST(ProfileDocument, nothing_is_granted_that_is_not_named) {
  const auto profile = read("");
  ASSERT_TRUE(profile.has_value()) << profile.error().message;
  EXPECT_TRUE(profile->files.empty());
  EXPECT_EQ(profile->network, Network::kNone);
  EXPECT_TRUE(profile->environment_allow.empty());
}

TEST(ProfileDocument, mistakes_are_refused_with_their_place) {
  EXPECT_TRUE(error_of("fils: {}\n").starts_with("p.yaml:4:1: unknown key \"fils\"")) << error_of("fils: {}\n");
  EXPECT_TRUE(error_of("files: {red: []}\n").starts_with("p.yaml:4:9:"));
  EXPECT_TRUE(error_of("files: {read: [srv]}\n").starts_with("p.yaml:4:16:"));
  EXPECT_TRUE(error_of("network: maybe\n").starts_with("p.yaml:4:10:"));
  EXPECT_TRUE(error_of("limits: {processes: -1}\n").starts_with("p.yaml:4:21:"));
  EXPECT_TRUE(error_of("limits: {processes: many}\n").starts_with("p.yaml:4:21:"));
  EXPECT_TRUE(error_of("extends: everything\n").starts_with("p.yaml:4:10:"));
  EXPECT_TRUE(error_of("environment: ['A=B']\n").starts_with("p.yaml:4:15:"));
  EXPECT_TRUE(error_of("private_tmp: 1\n").starts_with("p.yaml:4:14:"));
}

TEST(ProfileDocument, version_kind_and_name_are_required) {
  EXPECT_FALSE(parse_profile("kind: Profile\nmetadata: {name: a}\n", "p").has_value());
  EXPECT_FALSE(parse_profile("apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: a}\n", "p").has_value());
  EXPECT_FALSE(parse_profile("apiVersion: agentos/v1\nkind: Profile\n", "p").has_value());
  EXPECT_FALSE(parse_profile("", "p").has_value());
  EXPECT_FALSE(parse_profile("[]", "p").has_value());
}

TEST(Presets, each_name_has_one_and_others_are_refused_with_the_names) {
  for (const std::string_view name : preset_profile_names()) {
    const auto profile = preset_profile(name);
    ASSERT_TRUE(profile.has_value());
    EXPECT_EQ(profile->name, name);
    EXPECT_EQ(profile->network, Network::kNone);
  }
  const auto unknown = preset_profile("root");
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
  EXPECT_NE(unknown.error().hint.find("agent-default"), std::string::npos);
}

}  // namespace
}  // namespace agentos::sandbox
