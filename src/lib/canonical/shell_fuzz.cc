// Any text is read or refused within the bounds; views point into what was read; a second reading says the same.
#include <cstdlib>

#include "lib/canonical/shell.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace agentos::canonical;
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  static ShellText shell;
  static ShellText again;
  if (!read_shell(text, shell)) {
    if (!shell.commands.empty() || shell.features != 0) std::abort();
    return 0;
  }
  if (!read_shell(text, again) || again.features != shell.features || again.programs.size() != shell.programs.size())
    std::abort();
  std::size_t sum = 0;
  for (const ShellCommand& command : shell.commands) {
    if (command.depth > kShellDepthMax + 1) std::abort();
    for (const ShellWord& word : shell.words_of(command)) {
      if (!word.is_static && !shell.has_dynamic()) std::abort();
      for (const char c : word.text) sum += static_cast<unsigned char>(c);
    }
  }
  for (const ShellProgram& program : shell.programs) {
    if (!program.is_static && !shell.has_dynamic()) std::abort();
    for (const char c : program.path) sum += static_cast<unsigned char>(c);
  }
  return sum == 1 ? 1 : 0;
}
