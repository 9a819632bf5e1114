// A run's record becomes documents that load, hold no more than what was tried, and never a key.
#include "apps/agentos/learning.h"

#include <gtest/gtest.h>

#include "lib/policy/policy.h"

namespace agentos::cli {
namespace {

class LearningFromARun : public testing::Test {
 protected:
  void event(std::string_view name, const std::string& detail) {
    add(R"({"agent":"a-1","kind":"event","name":")" + std::string(name) + R"(","time_us":1})", detail);
  }
  void opened(const std::string& path, const std::string& access, std::string_view name = "traced") {
    event(name, R"({"what":"open","target":")" + path + R"(","access":")" + access + R"("})");
  }
  void call(const std::string& leaf, const std::string& arguments) {
    add(R"({"agent":"a-1","time_us":1,)" + leaf + "}", arguments);
  }
  void add(std::string leaf, std::string opening) {
    recorder::StoredEntry entry{
        .index = ++index_, .leaf = std::move(leaf), .opening = std::move(opening), .opening_matches = true};
    learning_.add(entry);
  }
  sandbox::Profile learned() const {
    const auto profile = sandbox::parse_profile(learning_.profile(), "learned.yaml");
    EXPECT_TRUE(profile.has_value()) << profile.error().message << "\n" << learning_.profile();
    return profile ? *profile : sandbox::Profile{};
  }
  bool grants(const std::string& path, std::uint8_t access) const {
    for (const auto& rule : learned().files) {
      if (rule.path == path && (rule.access & access) == access) return true;
    }
    return false;
  }

  recorder::Index index_ = 0;
  Learning learning_{{.agent = "a-1", .working_directory = "/project", .home = "/home/kim"}};
};

TEST_F(LearningFromARun, what_agent_default_grants_is_not_proposed) {
  opened("/usr/lib/x.so", "read");
  opened("/project/main.c", "read");
  opened("/tmp/agentos-1f/tmp/scratch", "read and write");
  opened("/proc/2/maps", "read");
  EXPECT_EQ(learning_.profile().find("files:"), std::string::npos) << learning_.profile();
  EXPECT_EQ(profile_lines(learned()), profile_lines(*sandbox::preset_profile("agent-default")));
}

TEST_F(LearningFromARun, what_was_refused_and_used_becomes_grants_with_variables) {
  opened("/project/out.o", "write", "blocked");
  opened("/home/kim/data.csv", "read", "blocked");
  event("blocked", R"({"what":"execute","target":"/opt/tools/lint"})");
  EXPECT_TRUE(grants("${cwd}/out.o", 2));
  EXPECT_TRUE(grants("${home}/data.csv", 1));
  EXPECT_TRUE(grants("/opt/tools/lint", 5));
}

TEST_F(LearningFromARun, many_files_of_a_folder_become_the_folder) {
  for (const char* name : {"a", "b", "c", "d"}) opened(std::string("/srv/models/") + name, "read", "blocked");
  opened("/srv/other/x", "read", "blocked");
  EXPECT_TRUE(grants("/srv/models", 1));
  EXPECT_FALSE(grants("/srv/models/a", 1));
  EXPECT_TRUE(grants("/srv/other/x", 1));
}

TEST_F(LearningFromARun, a_file_that_is_made_takes_its_folder) {
  learning_ = Learning({.agent = "a-1", .working_directory = "/project", .home = "", .exists = [](const std::string&) {
                          return false;
                        }});
  opened("/project/out/result", "write", "blocked");
  EXPECT_TRUE(grants("${cwd}/out", 2));
}

TEST_F(LearningFromARun, keys_are_left_out_by_name) {
  opened("/home/kim/.ssh/id_ed25519", "read", "blocked");
  opened("/etc/shadow", "read", "blocked");
  EXPECT_EQ(learning_.profile().find(".ssh"), std::string::npos);
  EXPECT_EQ(learning_.profile().find("shadow"), std::string::npos);
  EXPECT_EQ(learning_.left_out().size(), 2U);
}

TEST_F(LearningFromARun, a_connection_asks_for_the_proxy_and_a_unix_socket_is_left_out) {
  event("blocked", R"({"what":"connect","target":"tcp 192.0.2.1:443"})");
  event("blocked", R"({"what":"connect","target":"unix /run/docker.sock"})");
  EXPECT_EQ(learned().network, sandbox::Network::kProxy);
  EXPECT_NE(learning_.left_out()[0].find("unix /run/docker.sock"), std::string::npos);
}

TEST_F(LearningFromARun, calls_become_rules_with_their_hosts_tools_and_secrets) {
  call(R"("kind":"intent","call":"hello")", "{}");
  call(R"("kind":"intent","call":"exec","tool":"grep")", R"({"tool":"grep"})");
  call(R"("kind":"refused","call":"connect")", R"({"host":"api.example.com","port":443})");
  call(R"("kind":"refused","call":"http_request")",
       R"({"host":"api.example.com","port":80,"method":"GET","path":"/x"})");
  call(R"("kind":"intent","call":"secret_use")", R"({"secret":"model","host":"api.example.com"})");
  const std::string text = learning_.policy();
  EXPECT_NE(text.find(R"(syscalls: [exec], tools: ["grep"])"), std::string::npos) << text;
  EXPECT_NE(text.find(R"(host: {host: ["api.example.com"]}, port: {in: [443]})"), std::string::npos) << text;
  EXPECT_NE(text.find(R"(secret: {in: ["model"]})"), std::string::npos) << text;
  EXPECT_NE(text.find("syscalls: [hello]"), std::string::npos) << text;
}

TEST_F(LearningFromARun, entries_of_others_do_not_count) {
  add(R"({"agent":"b-2","kind":"event","name":"blocked","time_us":1})",
      R"({"what":"open","target":"/srv/x","access":"read"})");
  EXPECT_EQ(learning_.profile().find("/srv"), std::string::npos);
}

TEST_F(LearningFromARun, hostile_paths_stay_one_string_of_the_document) {
  opened("/srv/a\\\"]\\nnetwork: host\\n#", "read", "blocked");
  EXPECT_EQ(learned().network, sandbox::Network::kNone);
  EXPECT_TRUE(grants("/srv/a\"]\nnetwork: host\n#", 1));
}

}  // namespace
}  // namespace agentos::cli
