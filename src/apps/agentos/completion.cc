// The three scripts. bash and zsh share one function over words; fish has its own lines.
#include "apps/agentos/completion.h"

#include <fmt/format.h>

namespace agentos::cli {
namespace {

std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) (out += out.empty() ? "" : " ") += word;
  return out;
}

std::string child_names(const CommandWords& command) {
  std::vector<std::string> names;
  for (const CommandWords& child : command.children) names.push_back(child.name);
  return join(names);
}

// "case" arms: the path of a command to the words that may follow it.
std::string arms(const CommandWords& program) {
  std::string out;
  for (const CommandWords& verb : program.children) {
    for (const CommandWords& child : verb.children) {
      out += fmt::format("    \"{} {}\") words=\"{}\" ;;\n", verb.name, child.name, join(child.options));
    }
    out += fmt::format("    \"{}\"|\"{} \"*) words=\"{} {}\" ;;\n", verb.name, verb.name, child_names(verb),
                       join(verb.options));
  }
  out += fmt::format("    *) words=\"{} {}\" ;;\n", child_names(program), join(program.options));
  return out;
}

std::string bash_script(const CommandWords& program) {
  return fmt::format(R"(# bash completion for agentos: source it, or put it into /etc/bash_completion.d
_agentos() {{
  local word path="" words
  for word in "${{COMP_WORDS[@]:1:$((COMP_CWORD - 1))}}"; do
    case $word in
      --) return ;;
      -*) ;;
      *) path="${{path:+$path }}$word" ;;
    esac
  done
  case $path in
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
complete -o default -F _agentos agentos
)",
                     arms(program));
}

// Works sourced, before or after compinit, and as a file of fpath: there the first call only defines the function, so
// the last line makes that call complete too.
std::string zsh_script(const CommandWords& program) {
  return "#compdef agentos\n(( $+functions[compdef] )) || { autoload -U compinit && compinit }\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         bash_script(program) + "[[ ${funcstack[1]} != _agentos ]] || _bash_complete -o default -F _agentos\n";
}

// Inside single quotes of fish.
std::string quoted(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string fish_script(const CommandWords& program) {
  std::string out = "# fish completion for agentos: save as ~/.config/fish/completions/agentos.fish\n";
  for (const CommandWords& verb : program.children) {
    out +=
        fmt::format("complete -c agentos -f -n __fish_use_subcommand -a {} -d '{}'\n", verb.name, quoted(verb.summary));
    for (const CommandWords& child : verb.children) {
      out += fmt::format("complete -c agentos -f -n '__fish_seen_subcommand_from {}' -a {} -d '{}'\n", verb.name,
                         child.name, quoted(child.summary));
    }
    for (const std::string& option : verb.options) {
      if (option.starts_with("--")) {
        out +=
            fmt::format("complete -c agentos -n '__fish_seen_subcommand_from {}' -l {}\n", verb.name, option.substr(2));
      }
    }
  }
  return out;
}

}  // namespace

Result<std::string> completion_script(std::string_view shell, const CommandWords& program) {
  if (shell == "bash") return bash_script(program);
  if (shell == "zsh") return zsh_script(program);
  if (shell == "fish") return fish_script(program);
  return fail(ErrorCode::kInvalidArgument, "there is no completion for \"" + std::string(shell) + "\"",
              "bash, zsh or fish");
}

}  // namespace agentos::cli
