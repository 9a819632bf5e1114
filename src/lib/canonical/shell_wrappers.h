// Which programs run another program that their arguments name, and how their options are skipped to find it.
#pragma once

#include <cstdint>
#include <string_view>

namespace agentos::canonical {

enum class Wrapper : std::uint8_t {
  kNone,
  kProgram,     // options, then operands, then PROGRAM ARGUMENT...
  kShell,       // sh -c TEXT
  kEval,        // its words are a text
  kTrap,        // its first word is a text
  kFind,        // -exec PROGRAM ... ;
  kApplets,     // busybox PROGRAM ARGUMENT...
  kScriptFile,  // source FILE
  kLookup,      // changes which program a name means
  kUnread,      // runs others in a way that is not looked into
};

struct WrapperRule {
  std::string_view name = {};
  Wrapper wrapper = Wrapper::kNone;
  std::string_view flags = {};          // one-letter options without argument
  std::string_view with_argument = {};  // one-letter options with one
  std::string_view long_flags = {};     // " --foo --bar ": without argument
  std::string_view long_with_argument = {};
  std::uint8_t operands = 0;        // before the program, as in: timeout DURATION PROGRAM
  bool assignments = false;         // NAME=VALUE before the program
  std::string_view only_asks = {};  // with one of these options nothing is run, as in: command -v
};

// kNone when the name is no wrapper.
const WrapperRule& wrapper_of(std::string_view name);

// PATH, LD_PRELOAD, IFS, BASH_ENV, ...: variables that change which code a name means.
bool changes_lookup(std::string_view variable);

}  // namespace agentos::canonical
