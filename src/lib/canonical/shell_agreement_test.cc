// Agreement with the shells of this machine: what bash and dash both refuse is refused here, what is accepted here one
// of them accepts, and the words of static commands are exactly those that bash and dash see.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>

#include "lib/canonical/shell.h"
#include "lib/canonical/shell_cases.h"

namespace agentos::canonical {
namespace {

struct Answer {
  bool accepted = false;
  std::string output;
};

class ShellAgreement : public ::testing::Test {
 protected:
  void SetUp() override {
    const int descriptor = mkstemp(path_.data());
    ASSERT_GE(descriptor, 0);
    close(descriptor);
  }
  void TearDown() override { unlink(path_.data()); }

  // Runs `shell options FILE`, where FILE holds `text`.
  Answer ask(const std::string& shell, std::string_view text) {
    std::FILE* file = std::fopen(path_.data(), "w");
    std::fwrite(text.data(), 1, text.size(), file);
    std::fclose(file);
    Answer answer;
    std::FILE* pipe = popen(("env -i " + shell + " " + path_.data() + " 2>&1").c_str(), "r");
    std::array<char, 4096> octets{};
    for (std::size_t size = 0; (size = std::fread(octets.data(), 1, octets.size(), pipe)) > 0;) {
      answer.output.append(octets.data(), size);
    }
    answer.accepted = pclose(pipe) == 0;
    return answer;
  }

  bool have(const std::string& shell) { return ask(shell + " -n", "true\n").accepted; }

  std::array<char, 32> path_{"/tmp/shell_agreement.XXXXXX"};
};

TEST_F(ShellAgreement, syntax_is_judged_as_bash_and_dash_do) {
  if (!have("bash") || !have("dash")) GTEST_SKIP() << "needs bash and dash";
  int both_accept = 0;
  for (const ShellCase& one : kShellCases) {
    const bool bash = ask("bash -n", one.text).accepted;
    const bool dash = ask("dash -n", one.text).accepted;
    EXPECT_TRUE(bash || dash) << "only accepted here: " << one.text;
    both_accept += bash && dash ? 1 : 0;
  }
  int both_refuse = 0;
  for (const std::string_view text : kShellRefused) {
    both_refuse += !ask("bash -n", text).accepted && !ask("dash -n", text).accepted ? 1 : 0;
  }
  std::printf("%zu accepted here, %d of them by both shells; %zu refused here, %d of them by both\n",
              kShellCases.size(), both_accept, kShellRefused.size(), both_refuse);
}

TEST_F(ShellAgreement, static_words_are_those_of_the_shell) {
  if (!have("bash") || !have("dash")) GTEST_SKIP() << "needs bash and dash";
  ShellText shell;
  int compared = 0;
  for (const ShellCase& one : kShellCases) {
    ASSERT_TRUE(read_shell(one.text, shell));
    const bool ansi = shell.features == kShellAnsiQuoting;
    if (shell.commands.empty() || (shell.features != 0 && !ansi) || one.text.find('!') == 0) continue;
    std::string expected;
    for (const ShellWord& word : shell.words_of(shell.commands[0])) expected += "[" + std::string(word.text) + "]";
    const std::size_t start = one.text.find_first_not_of(" \t\n");
    if (one.text.substr(start).starts_with("time") || one.text.ends_with('\\')) continue;
    const std::string script = "set -- " + std::string(one.text.substr(start)) + "\nprintf '[%s]' \"$@\"\n";
    EXPECT_EQ(ask("bash", script).output, expected) << one.text;
    if (!ansi) {
      EXPECT_EQ(ask("dash", script).output, expected) << one.text;
    }
    ++compared;
  }
  std::printf("%d static commands compared\n", compared);
  EXPECT_GT(compared, 50);
}

}  // namespace
}  // namespace agentos::canonical
