// Shell texts name the programs they run, however they are written, and what cannot be known is marked.
#include "lib/canonical/shell.h"

#include <gtest/gtest.h>

#include <string>

#include "lib/canonical/shell_cases.h"

namespace agentos::canonical {
namespace {

std::string programs_of(const ShellText& shell) {
  std::string names;
  for (const ShellProgram& program : shell.programs) {
    if (!names.empty()) names += ' ';
    names += program.is_static ? program.name : "?";
  }
  return names;
}

std::string words_of(std::string_view text) {
  ShellText shell;
  if (!read_shell(text, shell)) return "refused";
  std::string all;
  for (const ShellCommand& command : shell.commands) {
    for (const ShellWord& word : shell.words_of(command))
      all += "<" + std::string(word.is_static ? word.text : "?") + ">";
    for (const ShellWord& word : shell.assignments_of(command)) all += "=<" + std::string(word.text) + ">";
    for (const ShellWord& word : shell.redirections_of(command)) all += "><" + std::string(word.text) + ">";
    all += "|";
  }
  return all;
}

TEST(Shell, every_program_is_found) {
  ShellText shell;
  for (const ShellCase& one : kShellCases) {
    const auto status = read_shell(one.text, shell);
    ASSERT_TRUE(status) << one.text << ": " << status.error().message;
    EXPECT_EQ(programs_of(shell), one.programs) << one.text;
    EXPECT_EQ(describe_shell_features(shell.features & kShellDynamic), one.marks) << one.text;
    EXPECT_EQ(shell.has_dynamic(), !one.marks.empty()) << one.text;
  }
  EXPECT_GE(kShellCases.size() + kShellRefused.size(), 150U);
}

TEST(Shell, what_is_no_shell_text_is_refused_and_leaves_nothing) {
  ShellText shell;
  for (const std::string_view text : kShellRefused) {
    EXPECT_FALSE(read_shell(text, shell)) << text << " gives " << programs_of(shell);
    EXPECT_TRUE(shell.commands.empty() && shell.programs.empty() && shell.features == 0) << text;
  }
  using namespace std::string_view_literals;
  EXPECT_FALSE(read_shell("ls\0rm"sv, shell));
}

TEST(Shell, words_are_what_the_program_gets) {
  EXPECT_EQ(words_of("a 'b c' \"d\"e\\ f ''"), "<a><b c><de f><>|");
  EXPECT_EQ(words_of("x=1 a > 'o ut' 2>&1 b"), "<a><b>=<x=1>><o ut>><1>|");
  EXPECT_EQ(words_of("a \"\\a\\$\\\"\\\\\""), "<a><\\a$\"\\>|");
  EXPECT_EQ(words_of("$'a\\tb\\x41\\101\\u20ac'"), "<a\tbAA\xe2\x82\xac>|");
  EXPECT_EQ(words_of("a $x\"$y\" z"), "<a><?><z>|");
  EXPECT_EQ(words_of("a 12 34>f"), "<a><12>><f>|");
  EXPECT_EQ(words_of("sh -c 'rm x'"), "<sh><-c><rm x>|<rm><x>|");
  EXPECT_EQ(words_of("find . -exec rm {} \\;"), "<find><.><-exec><rm><{}><;>|<rm><{}>|");
}

TEST(Shell, redirections_say_what_they_do) {
  ShellText shell;
  ASSERT_TRUE(read_shell("a <i >o >>p <>b 2>&1 >&f <<<s >| c", shell));
  const auto targets = shell.redirections_of(shell.commands[0]);
  const Redirect expected[] = {Redirect::kInput,     Redirect::kOutput, Redirect::kAppend,     Redirect::kBoth,
                               Redirect::kDuplicate, Redirect::kOutput, Redirect::kHereString, Redirect::kOutput};
  ASSERT_EQ(targets.size(), std::size(expected));
  for (std::size_t i = 0; i < targets.size(); ++i) EXPECT_EQ(targets[i].redirect, expected[i]) << targets[i].text;
}

TEST(Shell, a_program_keeps_the_path_it_was_called_by) {
  ShellText shell;
  ASSERT_TRUE(read_shell("sudo /usr/local/bin/../r\"m\" x", shell));
  EXPECT_EQ(shell.programs[1].name, "rm");
  EXPECT_EQ(shell.programs[1].path, "/usr/local/bin/../rm");
  EXPECT_EQ(shell.programs[1].command, 0U);
}

TEST(Shell, everything_is_bounded) {
  ShellText shell;
  std::string nested = "x";
  for (int i = 0; i < 100; ++i) nested = "$(" + nested + ")";
  EXPECT_EQ(read_shell(nested, shell).error().code, ErrorCode::kTooLarge);
  for (const char* unit : {"(", "{ ", "if ", "${x:-", "$((", "a=(", "\"${x:-\"", "f() { "}) {
    std::string text;
    for (int i = 0; i < 5000; ++i) text += unit;
    EXPECT_FALSE(read_shell(text, shell)) << unit;
  }
  std::string many;
  for (std::size_t i = 0; i <= kShellCommandsMax; ++i) many += "a;";
  EXPECT_EQ(read_shell(many, shell).error().code, ErrorCode::kTooLarge);
  std::string words = "a";
  for (std::size_t i = 0; i <= kShellWordsMax; ++i) words += " b";
  EXPECT_EQ(read_shell(words, shell).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(read_shell(std::string(kShellBytesMax + 1, 'a'), shell).error().code, ErrorCode::kTooLarge);
  std::string wrappers;
  for (int i = 0; i < 100; ++i) wrappers += "nohup ";
  ASSERT_TRUE(read_shell(wrappers + "rm x", shell));
  EXPECT_TRUE(shell.has_dynamic());
  EXPECT_TRUE(read_shell(std::string(kShellBytesMax, 'a'), shell));
}

}  // namespace
}  // namespace agentos::canonical
