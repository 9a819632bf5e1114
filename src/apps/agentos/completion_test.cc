// Completion scripts name every verb and option of the tree they are made from.
#include "apps/agentos/completion.h"

#include <gtest/gtest.h>

namespace agentos::cli {
namespace {

const CommandWords kProgram{
    "agentos", "", {"--format"}, {{"log", "Read it", {"--help"}, {{"show", "Print", {"--last"}, {}}}}}};

TEST(Completion, every_shell_gets_every_verb) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const auto script = completion_script(shell, kProgram);
    ASSERT_TRUE(script.has_value());
    EXPECT_NE(script->find("log"), std::string::npos) << shell;
    EXPECT_NE(script->find("show"), std::string::npos) << shell;
  }
  EXPECT_NE(completion_script("bash", kProgram)->find("\"log show\"|\"log show \"*) offered=\"--last\""),
            std::string::npos);
  CommandWords quoting = kProgram;
  quoting.children[0].summary = "Read the kernel's \\ log";
  EXPECT_NE(completion_script("fish", quoting)->find("-d 'Read the kernel\\'s \\\\ log'"), std::string::npos);
  EXPECT_FALSE(completion_script("tcsh", kProgram).has_value());
}

}  // namespace
}  // namespace agentos::cli
