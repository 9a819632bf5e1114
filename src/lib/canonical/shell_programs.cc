// The programs of each command, through wrappers and nested shell texts, within the bounds of shell.h.
#include <algorithm>
#include <array>

#include "lib/canonical/octets.h"
#include "lib/canonical/shell_reader.h"
#include "lib/canonical/shell_wrappers.h"

namespace agentos::canonical {
namespace {

constexpr int kWrappersMax = 16;  // one behind another: env nice nohup ...

std::string_view name_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool lists(std::string_view padded, std::string_view option) {
  for (std::size_t at = padded.find(option); at != std::string_view::npos; at = padded.find(option, at + 1)) {
    if (at > 0 && padded[at - 1] == ' ' && padded[at + option.size()] == ' ') return true;
  }
  return false;
}

// The words of one command as they are consumed. By index, because reading a nested text moves the vector.
class Programs {
 public:
  Programs(ShellText& shell, std::uint32_t command) : shell_(shell), command_(command) {
    const ShellCommand& facts = shell.commands[command];
    depth_ = facts.depth;
    at_ = facts.first;
    end_ = facts.first + facts.words;
  }

  Status resolve() {
    for (int i = 0; i < kWrappersMax && at_ < end_; ++i) {
      const ShellWord word = shell_.words[at_++];
      if (!word.is_static) {
        add({});
        return {};
      }
      add(word.text);
      const WrapperRule& rule = wrapper_of(name_of(word.text));
      if (rule.wrapper == Wrapper::kNone) {
        note_exports(word.text);
        note_subscripts(word.text);
        return {};
      }
      if (rule.wrapper == Wrapper::kApplets) continue;
      if (rule.wrapper != Wrapper::kProgram) return resolve_text(rule.wrapper);
      if (!skip_to_program(rule)) return {};
    }
    if (at_ < end_) mark(kShellUnreadWrapper);
    return {};
  }

 private:
  void mark(std::uint32_t features) { shell_.features |= features; }
  void add(std::string_view path) {
    shell_.programs.push_back({.name = name_of(path), .path = path, .command = command_, .is_static = !path.empty()});
    if (path.empty()) mark(kShellParameter);  // also the program "", which no shell finds
  }
  const ShellWord& word() const { return shell_.words[at_]; }

  // export PATH=..., declare LD_PRELOAD=...
  void note_exports(std::string_view name) {
    constexpr auto kDeclarers = std::to_array<std::string_view>(
        {"export", "declare", "typeset", "local", "readonly", "read", "printf", "unset", "getopts"});
    if (std::ranges::find(kDeclarers, name) == kDeclarers.end()) return;
    for (std::uint32_t i = at_; i < end_; ++i) {
      const std::string_view text = shell_.words[i].text;
      if (changes_lookup(text.substr(0, text.find('=')))) mark(kShellLookupChanged);
    }
  }

  // bash evaluates the subscript of a variable's name as arithmetic, which runs the substitutions in it whatever the
  // quoting: printf -v 'a[$(program)]' 1.
  void note_subscripts(std::string_view name) {
    constexpr auto kNamers = std::to_array<std::string_view>({"[", "test", "printf", "read", "declare", "typeset",
                                                              "local", "readonly", "export", "unset", "let", "wait",
                                                              "mapfile", "readarray", "getopts", "ulimit"});
    if (std::ranges::find(kNamers, name) == kNamers.end()) return;
    const auto words = std::span(shell_.words).subspan(at_, end_ - at_);
    const auto is = [](std::string_view text) {
      return [text](const ShellWord& one) { return one.is_static && one.text.starts_with(text); };
    };
    const bool tests = name == "[" || name == "test";
    if (tests && std::ranges::none_of(words, is("-v")) && std::ranges::none_of(words, is("-R"))) return;
    if (name == "printf" && std::ranges::none_of(words, is("-v"))) return;
    const bool subscript = name == "let" || std::ranges::any_of(words, [](const ShellWord& one) {
                             return one.is_static && one.text.find('[') != std::string_view::npos && one.text != "[";
                           });
    if (!subscript) return;
    mark(kShellArithmetic);
    add({});
  }

  // Past the options, assignments and operands of a wrapper. False when no program follows or it cannot be told.
  bool skip_to_program(const WrapperRule& rule) {
    if (rule.name == "xargs") mark(kShellArgumentsFromInput);
    unsigned operands = rule.operands;
    bool options = true;
    for (; at_ < end_; ++at_) {
      if (!word().is_static) {
        mark(kShellUnreadWrapper);  // an option, an operand or the program?
        return true;
      }
      const std::string_view text = word().text;
      if (options && text == "--") {
        options = false;
      } else if (options && text.size() > 1 && text[0] == '-') {
        if (!skip_option(rule, text)) return false;
      } else if (options && rule.name == "env" && text == "-") {
        continue;
      } else if (rule.assignments && text.find('=') != std::string_view::npos) {
        options = options && rule.name != "env";
        if (changes_lookup(text.substr(0, text.find('=')))) mark(kShellLookupChanged);
      } else if (operands > 0) {
        --operands;
        options = false;
      } else {
        return true;
      }
    }
    return false;
  }

  bool skip_option(const WrapperRule& rule, std::string_view text) {
    if (text.starts_with("--")) {
      const std::size_t equals = text.find('=');
      const std::string_view name = text.substr(0, equals);
      const bool takes = lists(rule.long_with_argument, name);
      if (!takes && !lists(rule.long_flags, name)) return unread();
      if (takes && equals == std::string_view::npos) ++at_;
      return at_ < end_ || unread();
    }
    for (std::size_t i = 1; i < text.size(); ++i) {
      if (rule.only_asks.find(text[i]) != std::string_view::npos) return false;
      if (rule.with_argument.find(text[i]) != std::string_view::npos) {
        if (i + 1 == text.size()) ++at_;
        return at_ < end_ || unread();
      }
      if (rule.flags.find(text[i]) == std::string_view::npos) return unread();
    }
    return true;
  }

  bool unread() {
    mark(kShellUnreadWrapper);
    return false;
  }

  Status resolve_text(Wrapper wrapper) {
    switch (wrapper) {
      case Wrapper::kShell:
        return resolve_shell();
      case Wrapper::kEval:
        return resolve_eval();
      case Wrapper::kFind:
        return resolve_find();
      case Wrapper::kTrap:
        if (at_ < end_ && (!word().is_static || word().text != "-")) return read_nested(word());
        return {};
      case Wrapper::kScriptFile:
        mark(kShellScriptFile);
        return {};
      case Wrapper::kLookup:
        mark(kShellLookupChanged);
        return {};
      default:
        mark(kShellUnreadLauncher);
        return {};
    }
  }

  // sh [-lex] [-o option] -c TEXT
  Status resolve_shell() {
    bool text_follows = false;
    for (; at_ < end_; ++at_) {
      if (!word().is_static) break;
      const std::string_view text = word().text;
      if (text == "--" || text == "-") {
        ++at_;
        break;
      }
      if (text.size() < 2 || (text[0] != '-' && text[0] != '+')) break;
      if (text.starts_with("--")) {
        if (!lists(" --login --norc --noprofile --posix --noediting --restricted --verbose ", text)) break;
        continue;
      }
      for (const char c : text.substr(1)) {
        if (c == 'c') text_follows = true;
        if (c == 'o' || c == 'O') ++at_;
        if (c == 'i' || c == 's') mark(kShellScriptFile);
      }
    }
    if (!text_follows || at_ >= end_) {
      mark(kShellScriptFile);  // FILE, or what it reads
      return {};
    }
    return read_nested(word());
  }

  Status resolve_eval() {
    if (at_ < end_ && word().is_static && word().text == "--") ++at_;
    const std::size_t start = shell_.octets.size();
    for (std::uint32_t i = at_; i < end_; ++i) {
      const ShellWord part = shell_.words[i];
      if (!part.is_static) {
        mark(kShellScriptFile);
        add({});
        return {};
      }
      if (shell_.octets.size() + part.text.size() + 1 > shell_.octets.capacity()) {
        return fail(ErrorCode::kTooLarge, "the shell text is too long", "use simple commands");
      }
      shell_.octets += part.text;
      shell_.octets += ' ';
    }
    ShellWord joined;
    joined.text = std::string_view(shell_.octets).substr(start);
    return read_nested(joined);
  }

  // -exec PROGRAM ARGUMENT... ; each is a command of its own.
  Status resolve_find() {
    constexpr auto kRunners = std::to_array<std::string_view>({"-exec", "-execdir", "-ok", "-okdir"});
    for (; at_ < end_; ++at_) {
      if (!word().is_static) continue;
      if (std::ranges::find(kRunners, word().text) == kRunners.end()) continue;
      mark(kShellArgumentsFromInput);
      const std::uint32_t first = at_ + 1;
      std::uint32_t last = first;
      while (last < end_ && shell_.words[last].text != ";" && shell_.words[last].text != "+") ++last;
      if (shell_.commands.size() >= kShellCommandsMax) {
        return fail(ErrorCode::kTooLarge, "the shell text has too many commands", "use simple commands");
      }
      if (depth_ + 1 > kShellDepthMax) {
        return fail(ErrorCode::kTooLarge, "the shell text is nested too deeply", "use simple commands");
      }
      shell_.commands.push_back(
          {.first = first, .words = last - first, .depth = static_cast<std::uint8_t>(depth_ + 1)});
      at_ = last;
    }
    return {};
  }

  Status read_nested(const ShellWord& text) {
    if (!text.is_static) {
      mark(kShellScriptFile);
      add({});
      return {};
    }
    if (depth_ + 1 > kShellDepthMax) {
      return fail(ErrorCode::kTooLarge, "the shell text is nested too deeply", "use simple commands");
    }
    return ShellReader(text.text, shell_, depth_ + 1).read();
  }

  ShellText& shell_;
  std::uint32_t command_;
  std::uint32_t at_ = 0;
  std::uint32_t end_ = 0;
  int depth_ = 0;
};

void note_assignments(ShellText& shell, const ShellCommand& command) {
  for (const ShellWord& word : shell.assignments_of(command)) {
    std::string_view name = word.source.substr(0, word.source.find('='));
    if (name.ends_with('+')) name.remove_suffix(1);
    if (changes_lookup(name) || name.find('\\') != std::string_view::npos) shell.features |= kShellLookupChanged;
  }
}

// Files that bash makes connections of.
void note_network_files(ShellText& shell, const ShellCommand& command) {
  for (const ShellWord& word : shell.redirections_of(command)) {
    if (word.text.starts_with("/dev/tcp/") || word.text.starts_with("/dev/udp/")) shell.features |= kShellUnreadWrapper;
  }
}

}  // namespace

Status resolve_programs(ShellText& shell, std::uint32_t command) {
  note_assignments(shell, shell.commands[command]);
  note_network_files(shell, shell.commands[command]);
  return Programs(shell, command).resolve();
}

}  // namespace agentos::canonical
