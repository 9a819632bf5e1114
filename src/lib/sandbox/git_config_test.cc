// Settings are read as git reads them, and what they name in the work tree is found.
#include "lib/sandbox/git_config.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "lib/sandbox/protected_paths.h"

namespace agentos::sandbox {
namespace {

namespace fs = std::filesystem;

std::string text_of(std::string_view config) {
  std::string out;
  for (const GitSetting& setting : read_git_config(config)) out += setting.name + "=" + setting.value + "\n";
  return out;
}

TEST(GitConfig, settings_are_read_as_git_reads_them) {
  EXPECT_EQ(text_of("[core]\n\thooksPath = .husky # mine\n\tbare\n"), "core.hookspath=.husky\ncore.bare=true\n");
  EXPECT_EQ(text_of("[filter \"a]b\"] clean = \"x ; y\" z ; c\n"), "filter.clean=x ; y z\n");
  EXPECT_EQ(text_of("[Include]\r\n  path = ../\\\r\n.gitconfig\r\n"), "include.path=../.gitconfig\n");
  EXPECT_EQ(text_of("[alias]\nx = \"!sh \\\"tools/a b\\\"\"\n"), "alias.x=!sh \"tools/a b\"\n");
  EXPECT_EQ(text_of("[core.sub]\nx=1\n[a \"b.c\"]\ny =\n"), "core.x=1\na.y=\n");
  EXPECT_EQ(text_of("; c\n# d\nx = 1\n[\n[]\n= 3\n[a\n"), "") << "no section";
}

class GitNames : public testing::Test {
 protected:
  GitNames() {
    std::string pattern = "/tmp/agentos-git-XXXXXX";
    top_ = ::mkdtemp(pattern.data());
  }
  ~GitNames() override { fs::remove_all(top_); }
  void write(const std::string& path, const std::string& content) const {
    fs::create_directories(fs::path(top_ + "/" + path).parent_path());
    std::ofstream(top_ + "/" + path) << content;
  }
  std::vector<std::string> names(const std::string& project = "p") const {
    std::vector<std::string> names = names_of_git(top_ + "/" + project, top_ + "/home");
    std::sort(names.begin(), names.end());
    return names;
  }
  using Names = std::vector<std::string>;
  std::string top_;
};

TEST_F(GitNames, hooks_included_files_and_programs_of_the_work_tree_are_named) {
  write("p/tools/clean.py", "");
  write("p/tools/watch", "");
  write("p/.gitconfig", "[core]\nfsmonitor = ./tools/watch --fast\n[include]\npath = more\npath = ~/mine\n");
  write("p/.git/config",
        "[core]\nhooksPath = .husky\n[include]\npath = ../.gitconfig\n[filter \"x\"]\nclean = \"python3 tools/clean.py "
        "%f\"\n"
        "[remote \"origin\"]\nurl = https://example.com/tools/watch\n[alias]\ny = !tools/absent\n");
  EXPECT_EQ(names(), (Names{".gitconfig", ".husky", "more", "tools/clean.py", "tools/watch"}));
}

TEST_F(GitNames, the_configuration_of_the_home_counts_and_so_does_a_worktrees) {
  write("home/.gitconfig", "[core]\nhooksPath = .githooks\n");
  write("p/.git/config", "");
  EXPECT_EQ(names(), Names{".githooks"});
  write("main/.git/config", "[core]\nhooksPath = hooks\n");
  write("main/.git/worktrees/w/commondir", "../..\n");
  write("w/.git", "gitdir: " + top_ + "/main/.git/worktrees/w\n");
  EXPECT_EQ(names("w"), (Names{".githooks", "hooks"}));
  EXPECT_EQ(names("nothing"), Names{});
}

TEST_F(GitNames, files_that_include_each_other_come_to_an_end) {
  write("p/.git/config", "[include]\npath = ../a\n");
  write("p/a", "[include]\npath = b\npath = a\n");
  write("p/b", "[include]\npath = a\n");
  ASSERT_EQ(::mkfifo((top_ + "/p/pipe").c_str(), 0600), 0);
  write("home/.gitconfig", "[include]\npath = " + top_ + "/p/pipe\n");
  EXPECT_EQ(names(), (Names{"a", "b", "pipe"}));
}

TEST_F(GitNames, a_change_of_what_they_name_is_held_back) {
  write("p/.git/config", "[core]\nhooksPath = .hk/scripts\n");
  const std::string folder = top_ + "/p";
  const auto by = [&](const char* path) {
    return protected_by(path, Becomes::kOther, folder, "", names_of_git(folder, ""));
  };
  EXPECT_EQ(by(".hk/scripts/pre-commit"), ".hk/scripts");
  EXPECT_EQ(by(".hk"), ".hk/scripts") << "it becomes a link";
  EXPECT_EQ(by("deeper/.hk/scripts/pre-commit"), "");
  EXPECT_EQ(by(".husky/pre-push"), ".husky");
  EXPECT_EQ(by("sub/.devcontainer/devcontainer.json"), ".devcontainer");
  EXPECT_EQ(by("AGENTS.md"), "AGENTS.md");
  EXPECT_EQ(by("src/agents.md"), "");
}

}  // namespace
}  // namespace agentos::sandbox
