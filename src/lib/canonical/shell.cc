// Reads a shell text, then finds the programs of every command it has, nested texts included.
#include "lib/canonical/shell.h"

#include <array>

#include "lib/canonical/shell_reader.h"

namespace agentos::canonical {
namespace {

// Every level decodes a text at most twice (backticks and words), and no level is longer than the text above it.
constexpr std::size_t kCopiesMax = 2 * (kShellDepthMax + 1);

Status read_all(std::string_view text, ShellText& shell) {
  if (text.size() > kShellBytesMax)
    return fail(ErrorCode::kTooLarge, "the shell text is too long", "use simple commands");
  if (text.find('\0') != std::string_view::npos)
    return fail(ErrorCode::kMalformed, "the shell text has a NUL", "remove it");
  // Fixed from here on, so that views of it stay valid.
  shell.octets.reserve(text.size() * kCopiesMax + 1);
  TRY(ShellReader(text, shell, 0).read());
  for (std::uint32_t i = 0; i < shell.commands.size(); ++i) TRY(resolve_programs(shell, i));
  return {};
}

void clear(ShellText& shell) {
  shell.commands.clear();
  shell.words.clear();
  shell.programs.clear();
  shell.pending.clear();
  shell.octets.clear();
  shell.features = 0;
}

}  // namespace

Status read_shell(std::string_view text, ShellText& shell) {
  clear(shell);
  auto status = read_all(text, shell);
  if (!status) clear(shell);
  return status;
}

std::string describe_shell_features(std::uint32_t features) {
  constexpr std::array<std::string_view, 20> kNames = {
      "sequence",        "pipe",          "background",   "compound",    "redirection",    "here_document",
      "assignment",      "parameter",     "substitution", "arithmetic",  "glob",           "braces",
      "tilde",           "ansi_quoting",  "function",     "script_file", "lookup_changed", "arguments_from_input",
      "unread_launcher", "unread_wrapper"};
  std::string text;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if ((features >> i & 1) == 0) continue;
    if (!text.empty()) text += ", ";
    text += kNames[i];
  }
  return text;
}

}  // namespace agentos::canonical
