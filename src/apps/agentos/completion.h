// Shell completion: scripts for bash, zsh and fish from the tree of commands, so that they cannot drift from it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace agentos::cli {

struct CommandWords {
  std::string name;
  std::string summary;
  std::vector<std::string> options;  // "--format"
  std::vector<CommandWords> children;
};

Result<std::string> completion_script(std::string_view shell, const CommandWords& program);

}  // namespace agentos::cli
