// Settings of srt, imported: hosts as rules, files as grants, and denials that no grant may open.
#include <gtest/gtest.h>

#include "lib/policy/import/import.h"
#include "lib/policy/import/srt_paths.h"
#include "lib/policy/tools/set.h"
#include "lib/sandbox/profile.h"

namespace agentos::policy::importing {
namespace {

Imported settings(std::string_view network, std::string_view files, std::string_view more = {}) {
  const std::string text = "{\"network\": {" + std::string(network) + "},\n \"filesystem\": {" + std::string(files) +
                           "}" + std::string(more) + "}";
  auto made = import_srt({text, "s.json"}, {.home = "/home/u"});
  EXPECT_TRUE(made) << made.error().message << made.error().hint;
  return made ? std::move(*made) : Imported{};
}

constexpr std::string_view kNoNetwork = R"("allowedDomains": [], "deniedDomains": [])";
constexpr std::string_view kNoFiles = R"("denyRead": [], "allowWrite": [], "denyWrite": [])";

std::string connects(const Imported& import, std::string_view host) {
  auto set = tools::compile_set({{import.policy, "p"}}, std::make_shared<const Vocabulary>(table_vocabulary()));
  EXPECT_TRUE(set) << set.error().message;
  const json::Value stated = json::Object{{"call", "connect"}, {"args", json::Object{{"host", host}, {"port", 443}}}};
  const auto request = set->read(stated);
  return request ? std::string(verdict_name(set->program->decide((*request)->request()).verdict))
                 : request.error().message;
}

std::vector<std::string> writes(const Imported& import) {
  const auto profile = sandbox::parse_profile(import.profile, "profile");
  EXPECT_TRUE(profile) << profile.error().message << import.profile;
  const auto base = sandbox::preset_profile(import.profile.contains("extends: tool") ? "tool" : "agent-default");
  std::vector<std::string> paths;
  for (std::size_t i = base->files.size(); i < profile->files.size(); ++i) paths.push_back(profile->files[i].path);
  EXPECT_EQ(profile->network, sandbox::Network::kNone);
  return paths;
}

std::vector<std::string> lost(const Imported& import) {
  std::vector<std::string> what;
  for (const Remark& remark : import.remarks) {
    if (remark.loss == Loss::kLost) what.push_back(remark.what);
  }
  return what;
}

using Texts = std::vector<std::string>;

TEST(ImportSrt, domains_become_rules_and_denied_ones_win) {
  const Imported import = settings(
      R"("allowedDomains": ["github.com", "*.packages.example"], "deniedDomains": ["bad.packages.example"])", kNoFiles);
  EXPECT_EQ(connects(import, "github.com"), "allow");
  EXPECT_EQ(connects(import, "a.packages.example"), "allow");
  EXPECT_EQ(connects(import, "packages.example"), "deny");  // *. is what is below it
  EXPECT_EQ(connects(import, "bad.packages.example"), "deny");
  EXPECT_EQ(connects(import, "api.github.com"), "deny");
  EXPECT_FALSE(import.has_losses()) << json::write(json::Value(import.report()));
  EXPECT_EQ(connects(settings(kNoNetwork, kNoFiles), "github.com"), "deny");
}

TEST(ImportSrt, what_may_be_written_is_granted_where_it_lies) {
  const Imported import = settings(
      kNoNetwork,
      R"("denyRead": ["~/.ssh"], "allowWrite": ["src/", "./out/../gen", "/tmp", "~/cache"], "denyWrite": ["config"])");
  EXPECT_EQ(writes(import), (Texts{"${cwd}/src", "${cwd}/gen", "/tmp", "/home/u/cache"}));
  EXPECT_FALSE(import.has_losses()) << json::write(json::Value(import.report()));
  EXPECT_TRUE(import.profile.contains("# filesystem.allowWrite[0] \"src/\"")) << import.profile;
}

TEST(ImportSrt, a_grant_that_would_open_what_is_denied_is_left_out) {
  const Imported import = settings(
      kNoNetwork,
      R"("denyRead": ["/data/secret"], "allowWrite": [".", "/data", "/tmp", "/data/secret/x"], "denyWrite": [".env"])");
  EXPECT_EQ(writes(import), Texts{"/tmp"});
  EXPECT_EQ(lost(import), (Texts{"filesystem.allowWrite[0] \".\"", "filesystem.allowWrite[1] \"/data\"",
                                 "filesystem.allowWrite[3] \"/data/secret/x\""}));
  EXPECT_TRUE(import.profile.contains("# left out: filesystem.allowWrite[0]")) << import.profile;
}

TEST(ImportSrt, a_secret_in_the_working_directory_keeps_that_closed) {
  const Imported import = settings(kNoNetwork, R"("denyRead": ["./secrets"], "allowWrite": [], "denyWrite": [])");
  EXPECT_TRUE(import.profile.contains("extends: tool")) << import.profile;
  EXPECT_EQ(lost(import), Texts{"filesystem.denyRead[0] \"./secrets\""});
}

TEST(ImportSrt, patterns_and_what_has_no_place_are_reported) {
  const Imported import = settings(
      R"("allowedDomains": [], "deniedDomains": [], "allowLocalBinding": true, "allowUnixSockets": [], "new": 1)",
      R"("denyRead": ["/etc/shadow"], "allowWrite": ["src/**/*.ts", "../up"], "denyWrite": [])",
      R"(, "ignoreViolations": {"*": ["/usr"]}, "enableWeakerNestedSandbox": true, "unheard": 1)");
  EXPECT_EQ(writes(import), Texts{});
  EXPECT_EQ(lost(import), (Texts{"network.allowLocalBinding", "network.new", "filesystem.allowWrite[0] \"src/**/*.ts\"",
                                 "filesystem.allowWrite[1] \"../up\"", "filesystem.denyRead[0] \"/etc/shadow\"",
                                 "enableWeakerNestedSandbox", "unheard"}));
}

TEST(ImportSrt, settings_that_srt_refuses_are_refused_with_their_place) {
  const std::pair<const char*, const char*> kRefused[] = {
      {"[]", "s.json:1:1: settings of srt are an object"},
      {"{\"network\": {}}", "s.json:1:1: \"filesystem\" is an object; srt needs it"},
      {"{\"network\": {\"deniedDomains\": [\"*.com\"]}, \"filesystem\": {}}",
       "s.json:1:32: \"*.com\" is no domain for srt"},
      {"{\"network\": {\"deniedDomains\": [1]}, \"filesystem\": {}}",
       "s.json:1:32: an entry of \"deniedDomains\" is a text"},
      {"{a: 1}", "s.json:1:2"}};
  for (const auto& [text, message] : kRefused) {
    const auto made = import_srt({text, "s.json"}, {});
    ASSERT_FALSE(made) << text;
    EXPECT_TRUE(made.error().message.starts_with(message)) << made.error().message;
  }
}

TEST(ImportSrt, paths_are_read_as_texts) {
  EXPECT_EQ(profile_path(".", ""), "${cwd}");
  EXPECT_EQ(profile_path("a/../../b", ""), std::nullopt);
  EXPECT_EQ(profile_path("/../a//b/.", ""), "/a/b");
  EXPECT_EQ(profile_path("~/.ssh", ""), std::nullopt);
  EXPECT_EQ(profile_path("~", "/home/u"), "/home/u");
  EXPECT_EQ(profile_path("${cwd}", ""), std::nullopt);
  EXPECT_EQ(without_wildcards("src/**/*.ts").folder, "src");
  EXPECT_EQ(without_wildcards("*.ts").folder, ".");
  EXPECT_TRUE(lies_in("/a/b", "/a"));
  EXPECT_FALSE(lies_in("/ab", "/a"));
  EXPECT_FALSE(lies_in("${cwd}/a", "/"));
}

}  // namespace
}  // namespace agentos::policy::importing
