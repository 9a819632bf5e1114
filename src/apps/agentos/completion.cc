// The three scripts. Each walks the words before the cursor to a place in the tree, then offers what may follow there.
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

// "case" arms of bash and zsh: the place in the tree to the words that may follow it. Values of options count as words
// of the place, so a verb without verbs of its own also matches with more behind it.
std::string arms(const CommandWords& program) {
  std::string out = fmt::format("    \"\") offered=\"{} {}\" ;;\n", child_names(program), join(program.options));
  for (const CommandWords& verb : program.children) {
    for (const CommandWords& child : verb.children) {
      out += fmt::format("    \"{0} {1}\"|\"{0} {1} \"*) offered=\"{2}\" ;;\n", verb.name, child.name,
                         join(child.options));
    }
    out += verb.children.empty()
               ? fmt::format("    \"{0}\"|\"{0} \"*) offered=\"{1}\" ;;\n", verb.name, join(verb.options))
               : fmt::format("    \"{}\") offered=\"{} {}\" ;;\n", verb.name, child_names(verb), join(verb.options));
  }
  return out;
}

std::string bash_script(const CommandWords& program) {
  return fmt::format(R"(# bash completion for agentos: source it, or put it into /etc/bash_completion.d
_agentos() {{
  local word place="" offered=""
  for word in "${{COMP_WORDS[@]:1:$((COMP_CWORD - 1))}}"; do
    case $word in
      --) return ;;
      -*) ;;
      *) place="${{place:+$place }}$word" ;;
    esac
  done
  case $place in
{}  esac
  COMPREPLY=($(compgen -W "$offered" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
complete -o default -F _agentos agentos
)",
                     arms(program));
}

// Works sourced, before or after compinit (which forgets what was registered before it), and as a file of fpath: there
// the first call only defines the function, so the last line makes that call complete too.
std::string zsh_script(const CommandWords& program) {
  return fmt::format(R"(#compdef agentos
# zsh completion for agentos: source it, or save it as _agentos in a folder of fpath
_agentos() {{
  local word place="" offered=""
  for word in "${{(@)words[2,CURRENT-1]}}"; do
    case $word in
      --) _files; return ;;
      -*) ;;
      *) place="${{place:+$place }}$word" ;;
    esac
  done
  case $place in
{}  esac
  compadd -- ${{=offered}} || _files
}}
_agentos_register() {{
  (( $+functions[compdef] )) || return 0
  compdef _agentos agentos
  add-zsh-hook -d precmd _agentos_register
}}
if [[ ${{funcstack[1]}} == _agentos ]]; then
  _agentos "$@"
else
  autoload -Uz add-zsh-hook
  add-zsh-hook precmd _agentos_register
fi
)",
                     arms(program));
}

// Inside single quotes of fish.
std::string fish_quoted(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

void fish_options(std::string& out, std::string_view condition, const CommandWords& command) {
  for (const std::string& option : command.options) {
    if (!option.starts_with("--")) continue;
    out += fmt::format("complete -c agentos -n '{}' -l {}\n", condition, option.substr(2));
  }
}

void fish_children(std::string& out, std::string_view condition, const CommandWords& command) {
  for (const CommandWords& child : command.children) {
    out += fmt::format("complete -c agentos -f -n '{}' -a {} -d '{}'\n", condition, child.name,
                       fish_quoted(child.summary));
  }
}

std::string fish_script(const CommandWords& program) {
  std::string out = R"(# fish completion for agentos: save as ~/.config/fish/completions/agentos.fish
function __agentos_place
  set -l place
  for word in (commandline -opc)[2..-1]
    switch $word
      case --
        return 1
      case '-*'
      case '*'
        set -a place $word
    end
  end
  echo "$place"
end
function __agentos_at
  set -l place (__agentos_place); and test "$place" = "$argv"
end
function __agentos_below
  set -l place (__agentos_place); and string match -q -- "$argv *" "$place "
end
)";
  fish_children(out, "__agentos_at", program);
  fish_options(out, "__agentos_at", program);
  for (const CommandWords& verb : program.children) {
    const std::string at = "__agentos_at " + verb.name;
    fish_children(out, at, verb);
    fish_options(out, verb.children.empty() ? "__agentos_below " + verb.name : at, verb);
    for (const CommandWords& child : verb.children)
      fish_options(out, "__agentos_below " + verb.name + " " + child.name, child);
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
