// What a shell command text would run: simple commands with their words after quoting, where they write, and every
// program, also behind env, sudo, xargs, sh -c and the like. What only a running shell knows (expansions,
// substitutions, globs) is marked dynamic, so that a rule can say: only these programs, nothing dynamic.
//
// The grammar is POSIX with bash's additions. Where sh and bash read a text differently it is marked or refused, and
// what is refused (unbalanced quotes, "((", coproc, beyond a limit) has no canonical form: a rule that asks must deny.
// A program does what it likes: only the wrappers listed in shell_wrappers.cc are looked into, and interpreters that
// are given code are marked. Sources: POSIX.1-2017 XCU 2, bash(1), dash(1).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace agentos::canonical {

inline constexpr std::size_t kShellBytesMax = std::size_t{64} << 10;
inline constexpr int kShellDepthMax = 10;  // texts within texts, and constructs within constructs
inline constexpr std::size_t kShellCommandsMax = 1000;
inline constexpr std::size_t kShellWordsMax = 8000;

enum ShellFeature : std::uint32_t {
  kShellSequence = 1,  // more than one command
  kShellPipe = 1 << 1,
  kShellBackground = 1 << 2,
  kShellCompound = 1 << 3,  // ( ) { } if while for case [[
  kShellRedirection = 1 << 4,
  kShellHereDocument = 1 << 5,
  kShellAssignment = 1 << 6,
  // The rest is dynamic: the text alone does not say what is run.
  kShellParameter = 1 << 7,     // $name, ${...}
  kShellSubstitution = 1 << 8,  // $(...), `...`, <(...)
  kShellArithmetic = 1 << 9,
  kShellGlob = 1 << 10,
  kShellBraces = 1 << 11,  // {a,b}: bash expands, sh does not
  kShellTilde = 1 << 12,
  kShellAnsiQuoting = 1 << 13,  // $'...' and $"...": decoded as bash does; sh sees a dollar
  kShellFunction = 1 << 14,
  kShellScriptFile = 1 << 15,          // sh FILE, sh reading its input, source
  kShellLookupChanged = 1 << 16,       // PATH, LD_PRELOAD, IFS, BASH_ENV, alias, hash ...
  kShellArgumentsFromInput = 1 << 17,  // xargs
  kShellUnreadLauncher = 1 << 18,      // a program that runs others in a way that is not looked into: git, python -c
  kShellUnreadWrapper = 1 << 19,       // env, sudo, ... with arguments that do not say which program they run
};
inline constexpr std::uint32_t kShellDynamic = ~((1U << 7) - 1);

enum class ShellRole : std::uint8_t { kWord, kAssignment, kRedirection };
enum class Redirect : std::uint8_t { kNone, kInput, kOutput, kAppend, kBoth, kDuplicate, kHereDocument, kHereString };

struct ShellWord {
  std::string_view text;    // after quote removal; empty when dynamic
  std::string_view source;  // as it was written
  ShellRole role = ShellRole::kWord;
  Redirect redirect = Redirect::kNone;
  bool is_static = true;
  bool quoted = false;
};

struct ShellCommand {
  std::uint32_t first = 0;  // into ShellText::words: words, then assignments, then redirections
  std::uint32_t words = 0;
  std::uint32_t assignments = 0;
  std::uint32_t redirections = 0;
  std::uint8_t depth = 0;  // 0: of the text itself; more: within a substitution or a nested shell's text
};

struct ShellProgram {
  std::string_view name;  // last component; empty when dynamic
  std::string_view path;  // as the shell would look it up
  std::uint32_t command = 0;
  bool is_static = true;
};

// The facts, and the storage they live in: reusing one costs no allocation once it is warm. The views hold as long as
// the text that was read, and until the next read_shell().
struct ShellText {
  std::vector<ShellCommand> commands;
  std::vector<ShellWord> words;
  std::vector<ShellProgram> programs;  // every program that would run, wrappers included; builtins too
  std::uint32_t features = 0;

  bool has_dynamic() const { return (features & kShellDynamic) != 0; }
  std::span<const ShellWord> words_of(const ShellCommand& c) const {
    return std::span(words).subspan(c.first, c.words);
  }
  std::span<const ShellWord> assignments_of(const ShellCommand& c) const {
    return std::span(words).subspan(c.first + c.words, c.assignments);
  }
  std::span<const ShellWord> redirections_of(const ShellCommand& c) const {
    return std::span(words).subspan(c.first + c.words + c.assignments, c.redirections);
  }

  std::vector<ShellWord> pending;  // of commands under construction
  std::string octets;              // decoded words
};

// kMalformed: no shell text; kUnsupported: a construct that is not read; kTooLarge. On error `shell` is empty.
Status read_shell(std::string_view text, ShellText& shell);

// "pipe, glob": for explanations.
std::string describe_shell_features(std::uint32_t features);

}  // namespace agentos::canonical
