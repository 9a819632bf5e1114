// What a profile takes away below a grant, what is protected without being named, and what a start refuses by name.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "lib/sandbox/host_namespaces.h"
#include "lib/sandbox/isolation.h"
#include "lib/sandbox/launched_program.h"
#include "lib/sandbox/launcher_options.h"
#include "lib/sandbox/protected_paths.h"

namespace agentos::sandbox {
namespace {

namespace fs = std::filesystem;

class Rules : public testing::Test {
 protected:
  Rules() {
    char name[] = "/tmp/agentos-rules-XXXXXX";
    folder_ = ::mkdtemp(name);
    fs::create_directories(folder_ / "sub/.git/hooks");
    std::ofstream(folder_ / "open") << "open\n";
    std::ofstream(folder_ / "sub/secret") << "secret\n";
    given_ = probe_host_namespaces(init_path_for_tests(), "/tmp").given;
  }
  Rules(const Rules&) = delete;
  Rules& operator=(const Rules&) = delete;
  ~Rules() override { fs::remove_all(folder_); }

  Profile profile() const {
    Profile result = *preset_profile("agent-default");
    result.files.push_back({folder_.string(), Access::kRead | Access::kWrite, false, 0});
    return result;
  }

  void take_away(Profile& from, const char* name, Access access) const {
    from.files.push_back({(folder_ / name).string(), 0, true, static_cast<std::uint8_t>(access)});
  }

  LaunchRequest request_for(const Profile& profile, const std::string& script) const {
    LaunchRequest request;
    request.command = {"/bin/sh", "-c", script + " 2>&1"};
    request.profile = profile;
    request.environment = {{"PATH", "/usr/bin:/bin"}, {"HOME", folder_.string()}};
    return request;
  }

  // The output of a script under the profile, or why it did not start.
  std::string run(const Profile& profile, const std::string& script,
                  Namespaces namespaces = Namespaces::kWhenPossible) {
    LauncherOptions options;
    options.init_path = init_path_for_tests();
    options.namespaces = namespaces;
    const auto launcher = make_launcher_with(options);
    if (!launcher) return launcher.error().message;
    LaunchedProgram program;
    const Status launched = program.launch(**launcher, request_for(profile, script));
    if (!launched) return launched.error().message;
    const auto started = program.wait_started();
    if (!started) return started.error().message;
    manifest_ = started->manifest;
    (void)program.wait_exit();
    return program.output();
  }

  fs::path folder_;
  bool given_ = false;
  json::Value manifest_;
};

TEST_F(Rules, what_is_hidden_below_a_grant_is_neither_read_nor_replaced) {
  if (!given_) GTEST_SKIP() << "this host gives no namespaces";
  Profile hidden = profile();
  take_away(hidden, "sub/secret", Access::kRead);
  const std::string at = folder_.string();
  const std::string seen =
      run(hidden, "cat " + at + "/open; cat " + at + "/sub/secret; mv " + at + "/sub " + at + "/other; rm " + at +
                      "/sub/secret; echo x > " + at + "/sub/secret; ln " + at + "/sub/secret " + at + "/link; cat " +
                      at + "/link; echo y > " + at + "/sub/new");
  EXPECT_TRUE(seen.starts_with("open\n")) << seen;
  EXPECT_EQ(seen.find("secret\nm"), std::string::npos) << seen;
  std::ifstream file(folder_ / "sub/secret");
  std::string line;
  std::getline(file, line);
  EXPECT_EQ(line, "secret");
  EXPECT_TRUE(fs::exists(folder_ / "sub/new")) << "the rest of the grant is to be written: " << seen;
  const json::Array& taken = manifest_.find("taken_away")->as_array();
  EXPECT_FALSE(taken.empty());
}

TEST_F(Rules, what_is_read_only_below_a_write_grant_is_read_only) {
  if (!given_) GTEST_SKIP() << "this host gives no namespaces";
  Profile kept = profile();
  take_away(kept, "sub", Access::kWrite);
  const std::string at = folder_.string();
  const std::string seen =
      run(kept, "cat " + at + "/sub/secret; echo x > " + at + "/sub/secret; chmod 777 " + at + "/sub/secret; touch " +
                    at + "/sub/new; echo y > " + at + "/beside && echo done");
  EXPECT_TRUE(seen.starts_with("secret\n")) << seen;
  EXPECT_TRUE(seen.ends_with("done\n")) << seen;
  EXPECT_FALSE(fs::exists(folder_ / "sub/new"));
  struct stat status{};
  ASSERT_EQ(::stat((folder_ / "sub/secret").c_str(), &status), 0);
  EXPECT_NE(status.st_mode & 0777, 0777U);
}

TEST_F(Rules, without_namespaces_taking_away_refuses_the_start_by_name) {
  Profile hidden = profile();
  take_away(hidden, "sub/secret", Access::kRead);
  const std::string seen = run(hidden, "true", Namespaces::kNever);
  EXPECT_NE(seen.find("the start is refused"), std::string::npos) << seen;
  EXPECT_NE(seen.find("sub/secret"), std::string::npos) << seen;
}

TEST_F(Rules, hooks_below_a_write_grant_are_protected_without_being_named) {
  if (!given_) GTEST_SKIP() << "this host gives no namespaces";
  Profile workspace = profile();
  workspace.files.push_back({(folder_ / "sub").string(), Access::kRead | Access::kWrite, false, 0});
  const std::string at = (folder_ / "sub").string();
  const std::string seen = run(workspace, "echo x > " + at + "/.git/hooks/pre-commit; mv " + at + "/.git " + at + "/g");
  EXPECT_FALSE(fs::exists(folder_ / "sub/.git/hooks/pre-commit")) << seen;
  EXPECT_TRUE(fs::exists(folder_ / "sub/.git/hooks"));
  workspace.unprotected = {".git/hooks", ".git/config", ".git/modules"};
  run(workspace, "echo x > " + at + "/.git/hooks/pre-commit");
  EXPECT_TRUE(fs::exists(folder_ / "sub/.git/hooks/pre-commit"));
  EXPECT_FALSE(manifest_.find("unprotected")->as_array().empty());
}

TEST_F(Rules, protected_names_that_are_absent_stay_absent) {
  if (!given_) GTEST_SKIP() << "this host gives no namespaces";
  const std::string at = folder_.string();
  run(profile(), "echo evil > " + at + "/.bashrc; mkdir -p " + at + "/.config/autostart; echo x > " + at + "/kept");
  EXPECT_FALSE(fs::exists(folder_ / ".bashrc"));
  EXPECT_FALSE(fs::exists(folder_ / ".config"));
  EXPECT_TRUE(fs::exists(folder_ / "kept"));
}

TEST_F(Rules, a_placeholder_is_never_made_through_a_link) {
  if (!given_) GTEST_SKIP() << "this host gives no namespaces";
  fs::create_directories(folder_ / "elsewhere");
  fs::create_symlink(folder_ / "elsewhere", folder_ / ".local");  // .local/bin is protected
  run(profile(), "true");
  EXPECT_TRUE(fs::is_empty(folder_ / "elsewhere"));
}

TEST_F(Rules, a_placeholder_stays_until_the_last_tree_that_stands_on_it_has_ended) {
  if (!given_) GTEST_SKIP() << "this host gives no namespaces";
  LauncherOptions options;
  options.init_path = init_path_for_tests();
  const auto launcher = make_launcher_with(options);
  ASSERT_TRUE(launcher.has_value());
  const std::string at = folder_.string();
  const fs::path placeholder = folder_ / ".bashrc";
  LaunchedProgram longer, shorter;
  ASSERT_TRUE(shorter.launch(**launcher, request_for(profile(), "echo up; sleep 30")).has_value());
  ASSERT_TRUE(shorter.wait_output("up"));
  ASSERT_TRUE(longer
                  .launch(**launcher, request_for(profile(), "echo up; while [ ! -e " + at +
                                                                 "/go ]; do sleep 0.01; done; "
                                                                 "echo evil > " +
                                                                 at + "/.bashrc; echo tried"))
                  .has_value());
  ASSERT_TRUE(longer.wait_output("up"));
  ASSERT_TRUE(shorter.tree().kill().has_value());
  ASSERT_TRUE(shorter.wait_exit().has_value());
  EXPECT_TRUE(fs::exists(placeholder)) << "another tree stands on it";
  std::ofstream(folder_ / "go") << "x";
  const auto exit = longer.wait_exit();
  ASSERT_TRUE(exit.has_value());
  EXPECT_EQ(exit->by, ExitStatus::By::kProgram);
  EXPECT_NE(longer.output().find("Read-only file system"), std::string::npos) << longer.output();
  EXPECT_FALSE(fs::exists(placeholder)) << "it goes with the last";
}

TEST_F(Rules, a_tree_ends_when_what_protects_it_is_replaced_from_outside) {
  if (!given_) GTEST_SKIP() << "this host gives no namespaces";
  LauncherOptions options;
  options.init_path = init_path_for_tests();
  const auto launcher = make_launcher_with(options);
  ASSERT_TRUE(launcher.has_value());
  std::ofstream(folder_ / ".bashrc") << "old\n";
  LaunchedProgram program;
  ASSERT_TRUE(program.launch(**launcher, request_for(profile(), "echo up; sleep 30")).has_value());
  ASSERT_TRUE(program.wait_output("up"));
  std::ofstream(folder_ / "new") << "new\n";
  fs::rename(folder_ / "new", folder_ / ".bashrc");
  const auto exit = program.wait_exit();
  ASSERT_TRUE(exit.has_value());
  EXPECT_TRUE(exit->signaled);
  EXPECT_EQ(exit->by, ExitStatus::By::kProtectionLost);
}

TEST_F(Rules, a_program_of_root_is_another_user_and_still_has_its_grants) {
  if (!given_ || ::getuid() != 0) GTEST_SKIP() << "only for root, with namespaces";
  ::chmod(folder_.c_str(), 0700);
  const std::string at = folder_.string();
  const std::string seen = run(profile(), "id -u; cat " + at + "/open; echo x > " + at + "/made; stat -c %u " + at);
  EXPECT_FALSE(seen.starts_with("0\n")) << seen;
  EXPECT_NE(seen.find("open\n"), std::string::npos) << seen;
  struct stat status{};
  ASSERT_EQ(::stat((folder_ / "made").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 0U) << "on disk it is the operator's file";
  Profile same = profile();
  same.identity = Identity::kSame;
  EXPECT_TRUE(run(same, "id -u").starts_with("0\n"));
}

TEST_F(Rules, files_outside_the_grants_are_not_seen_at_all) {
  if (!given_) GTEST_SKIP() << "this host gives no namespaces";
  EXPECT_EQ(
      run(*preset_profile("agent-default"), "ls -d /var/lib /root /home " + folder_.string() + " 2>/dev/null; ls /"),
      run(*preset_profile("agent-default"), "ls /"));
}

TEST_F(Rules, descriptors_have_their_names_and_the_user_has_one) {
  if (!given_) GTEST_SKIP() << "this host gives no namespaces";
  const std::string seen =
      run(*preset_profile("agent-default"), "bash -c 'cat <(echo sub)'; whoami | cat; cat /dev/null");
  EXPECT_TRUE(seen.starts_with("sub\n")) << seen;
  if (::getuid() == 0) EXPECT_EQ(seen, "sub\nagent\n");
}

TEST_F(Rules, the_word_where_the_repository_of_a_worktree_lies_is_protected) {
  if (!given_) GTEST_SKIP() << "this host gives no namespaces";
  std::ofstream(folder_ / ".git") << "gitdir: /elsewhere\n";
  const std::string at = folder_.string();
  run(profile(), "echo gitdir: /evil > " + at + "/.git; rm -f " + at + "/.git; mv " + at + "/.git " + at + "/g");
  std::ifstream file(folder_ / ".git");
  std::string line;
  std::getline(file, line);
  EXPECT_EQ(line, "gitdir: /elsewhere");
}

TEST_F(Rules, another_folder_stands_in_the_place_of_one) {
  if (!given_) GTEST_SKIP() << "this host gives no namespaces";
  const std::string place = (folder_ / "sub").string(), copy = (folder_ / "copy").string();
  fs::create_directories(folder_ / "copy/.git/hooks");
  std::ofstream(folder_ / "copy/only here") << "the copy\n";
  Profile replaced = *preset_profile("agent-default");
  replaced.files.push_back(
      {place, Access::kRead | Access::kExecute, false, 0});  // of what stands there, not of the host's
  replaced.files.push_back({place, Access::kRead | Access::kWrite, false, 0, copy});
  EXPECT_EQ(run(replaced, "cat '" + place + "/only here'; cat " + place + "/secret; echo new > " + place +
                              "/.git/hooks/new && echo written; ls " + copy),
            "the copy\ncat: " + place + "/secret: No such file or directory\nwritten\nls: cannot access '" + copy +
                "': No such file or directory\n");
  EXPECT_TRUE(fs::exists(folder_ / "copy/.git/hooks/new"));
  EXPECT_FALSE(fs::exists(folder_ / "sub/.git/hooks/new"));
  EXPECT_FALSE(fs::exists(folder_ / "sub/.git/config")) << "no placeholder is made in the host's folder";
  EXPECT_EQ(manifest_.find("replaced")->as_array().size(), 1U);
}

TEST_F(Rules, what_cannot_stand_in_a_place_refuses_the_start_by_name) {
  Profile replaced = *preset_profile("agent-default");
  const std::string place = (folder_ / "sub").string();
  replaced.files.push_back({place, Access::kRead | Access::kWrite, false, 0, (folder_ / "open").string()});
  EXPECT_NE(run(replaced, "true", Namespaces::kNever).find("needs a root of the tree's own"), std::string::npos);
  if (!given_) return;
  EXPECT_NE(run(replaced, "true").find("cannot stand in the place of"), std::string::npos);
  replaced.files.back() = {"/tmp", Access::kRead | Access::kWrite, false, 0, place};
  EXPECT_NE(run(replaced, "true").find("private folders of all agents"), std::string::npos);
}

TEST(ProtectedPaths, a_git_repository_by_another_name_is_steered_by_its_files) {
  const auto steers = [](const char* path, std::vector<std::string> there) {
    return steers_repository(
        path, [&](const std::string& one) { return std::find(there.begin(), there.end(), one) != there.end(); });
  };
  const std::vector<std::string> bare = {"docs/HEAD", "docs/objects", "docs/refs", "docs/config"};
  for (const char* path :
       {"docs/config", "docs/HEAD", "docs/refs", "docs/objects", "docs/hooks/post-checkout", "docs/modules/x/config"}) {
    EXPECT_TRUE(steers(path, bare)) << path;
  }
  for (const char* path : {"docs/objects/ab/cd", "docs/refs/heads/x", "docs/pages/config", "config", "docs/HEADER"}) {
    EXPECT_FALSE(steers(path, bare)) << path;
  }
  EXPECT_TRUE(steers("config", {"HEAD", "objects", "refs"}));
  EXPECT_TRUE(steers("p/commondir", {"p/HEAD", "p/commondir"}));
  EXPECT_TRUE(steers("p/HEAD", {"p/HEAD", "p/commondir"}));
  EXPECT_FALSE(steers("docs/config", {"docs/HEAD", "docs/refs"}));
  EXPECT_FALSE(steers(".git/HEAD", {".git/HEAD", ".git/objects", ".git/refs"})) << "protected by other names";
}

TEST(ProtectedPaths, a_change_is_of_a_protected_path_at_any_depth_or_by_taking_its_folder) {
  const auto by = [](const char* path, Becomes becomes = Becomes::kOther) {
    return protected_by(path, becomes, "/home/u/project", "/home/u");
  };
  EXPECT_EQ(by(".git/hooks/pre-commit"), ".git/hooks");
  EXPECT_EQ(by("a/b/.git/config"), ".git/config");
  EXPECT_EQ(by("a/.git"), ".git/hooks") << "a file that says where the repository lies";
  EXPECT_EQ(by(".github"), ".github/workflows");
  EXPECT_EQ(by(".git/commondir"), ".git/commondir");
  for (const char* fine :
       {"x", ".gitignore", ".git/index", ".github/ISSUE.md", "a/.envrc.example", "bin/tool", ".bashrc"}) {
    EXPECT_EQ(by(fine), "") << fine;
  }
  EXPECT_EQ(by(".git", Becomes::kFolder), "");
  for (const char* path : {".git/commondir", ".git/config.worktree", ".git/worktrees/other/commondir",
                           "vendor/.git/worktrees/other/config.worktree", ".git/rebase-merge/git-rebase-todo"}) {
    EXPECT_NE(protected_by(path, Becomes::kOther, "/home/u/project", "/home/u"), "") << path;
  }
  EXPECT_EQ(protected_by(".bashrc", Becomes::kOther, "/home/u", "/home/u"), ".bashrc");
  EXPECT_EQ(protected_by(".ssh/authorized_keys", Becomes::kOther, "/home/u", "/home/u"), ".ssh");
  EXPECT_EQ(protected_by("u", Becomes::kOther, "/home", "/home/u"), ".ssh") << "the home itself becomes a link";
}

TEST_F(Rules, what_a_profile_demands_and_nothing_holds_refuses_the_start) {
  Profile demanding = profile();
  demanding.promises = {"see_names"};
  const std::string without = run(demanding, "echo ran", Namespaces::kNever);
  EXPECT_NE(without.find("see_names"), std::string::npos) << without;
  if (given_) EXPECT_EQ(run(demanding, "echo ran"), "ran\n");
  demanding.promises = {"learn_by_timing"};
  EXPECT_NE(run(demanding, "echo ran").find("learn_by_timing"), std::string::npos);
}

TEST_F(Rules, shared_memory_is_private_where_the_profile_asks_for_it) {
  if (!given_) GTEST_SKIP() << "this host gives no namespaces";
  Profile build = *preset_profile("build");
  const std::string seen = run(build, "echo x > /dev/shm/agentos-rules-test && cat /dev/shm/agentos-rules-test");
  EXPECT_EQ(seen, "x\n");
  EXPECT_FALSE(fs::exists("/dev/shm/agentos-rules-test"));
}

TEST(Isolation, every_cell_of_the_matrix_follows_from_the_rows) {
  const HostOffer debian{2, false, false, false};
  EXPECT_TRUE(held(Promise::truncate_ungranted, debian));
  EXPECT_EQ(holders(Promise::truncate_ungranted, debian), std::vector<std::string_view>{"seccomp"});
  EXPECT_FALSE(held(Promise::signal_others, debian));
  EXPECT_TRUE(held(Promise::signal_others, {6, false, false, false}));
  EXPECT_TRUE(held(Promise::signal_others, {2, true, false, false}));
  EXPECT_FALSE(held(Promise::use_operators_files, {7, true, false, false}));
  EXPECT_FALSE(held(Promise::run_any_code, {7, true, true, true}));
  for (const Promise promise : promises()) {
    EXPECT_NE(isolation_page().find("(`" + std::string(name_of(promise)) + "`)"), std::string::npos);
  }
}

}  // namespace
}  // namespace agentos::sandbox
