// The table of wrappers, from the manual pages of GNU coreutils, findutils, sudo, util-linux, bash and dash. An option
// that is not listed makes the call unreadable, which counts as dynamic.
#include "lib/canonical/shell_wrappers.h"

#include <algorithm>
#include <array>

namespace agentos::canonical {
namespace {

using enum Wrapper;

constexpr auto kWrappers = std::to_array<WrapperRule>({
    {.name = "env",
     .wrapper = kProgram,
     .flags = "i0v",
     .with_argument = "uC",
     .long_flags = " --ignore-environment --null --debug ",
     .long_with_argument = " --unset --chdir ",
     .assignments = true},
    {.name = "sudo",
     .wrapper = kProgram,
     .flags = "AbEHnPSkB",
     .with_argument = "ugCDhprtTUR",
     .long_flags = " --background --non-interactive --set-home --stdin --askpass --preserve-env ",
     .long_with_argument = " --user --group --chdir --host --prompt --close-from ",
     .assignments = true},
    {.name = "doas", .wrapper = kProgram, .flags = "nL", .with_argument = "uC"},
    {.name = "nohup", .wrapper = kProgram},
    {.name = "setsid", .wrapper = kProgram, .flags = "cfw", .long_flags = " --ctty --fork --wait "},
    {.name = "nice",
     .wrapper = kProgram,
     .flags = "0123456789",
     .with_argument = "n",
     .long_with_argument = " --adjustment "},
    {.name = "ionice", .wrapper = kProgram, .flags = "t", .with_argument = "cn"},
    {.name = "time", .wrapper = kProgram, .flags = "pavq", .with_argument = "fo"},
    {.name = "timeout",
     .wrapper = kProgram,
     .flags = "v",
     .with_argument = "ks",
     .long_flags = " --foreground --preserve-status --verbose ",
     .long_with_argument = " --kill-after --signal ",
     .operands = 1},
    {.name = "stdbuf", .wrapper = kProgram, .with_argument = "ioe", .long_with_argument = " --input --output --error "},
    {.name = "chroot", .wrapper = kProgram, .long_with_argument = " --userspec --groups ", .operands = 1},
    {.name = "xargs",
     .wrapper = kProgram,
     .flags = "0rtpxo",
     .with_argument = "nLPIdEsa",
     .long_flags = " --null --no-run-if-empty --verbose --interactive --exit --open-tty ",
     .long_with_argument = " --max-args --max-lines --max-procs --replace --delimiter --max-chars --arg-file "},
    {.name = "command", .wrapper = kProgram, .flags = "p", .only_asks = "vV"},
    {.name = "builtin", .wrapper = kProgram},
    {.name = "exec", .wrapper = kProgram, .flags = "cl", .with_argument = "a"},
    {.name = "busybox", .wrapper = kApplets},
    {.name = "toybox", .wrapper = kApplets},
    {.name = "sh", .wrapper = kShell},
    {.name = "bash", .wrapper = kShell},
    {.name = "dash", .wrapper = kShell},
    {.name = "ash", .wrapper = kShell},
    {.name = "rbash", .wrapper = kShell},
    {.name = "ksh", .wrapper = kShell},
    {.name = "mksh", .wrapper = kShell},
    {.name = "eval", .wrapper = kEval},
    {.name = "trap", .wrapper = kTrap},
    {.name = "find", .wrapper = kFind},
    {.name = ".", .wrapper = kScriptFile},
    {.name = "source", .wrapper = kScriptFile},
    {.name = "alias", .wrapper = kLookup},
    {.name = "unalias", .wrapper = kLookup},
    {.name = "hash", .wrapper = kLookup},
    {.name = "enable", .wrapper = kLookup},
    {.name = "shopt", .wrapper = kLookup},
    {.name = "bind", .wrapper = kLookup},
    {.name = "complete", .wrapper = kLookup},
});

// Interpreters, remote and nested shells, debuggers, editors and others that run what their arguments or input say.
constexpr auto kUnreadNames = std::to_array<std::string_view>({"at",
                                                               "awk",
                                                               "batch",
                                                               "bun",
                                                               "bwrap",
                                                               "chrt",
                                                               "cmake",
                                                               "csh",
                                                               "deno",
                                                               "docker",
                                                               "ed",
                                                               "emacs",
                                                               "entr",
                                                               "ex",
                                                               "expect",
                                                               "fakeroot",
                                                               "fdfind",
                                                               "firejail",
                                                               "fish",
                                                               "flock",
                                                               "gawk",
                                                               "gdb",
                                                               "git",
                                                               "ip",
                                                               "java",
                                                               "kubectl",
                                                               "ld.so",
                                                               "less",
                                                               "lldb",
                                                               "lua",
                                                               "ltrace",
                                                               "machinectl",
                                                               "make",
                                                               "man",
                                                               "mapfile",
                                                               "mawk",
                                                               "more",
                                                               "nawk",
                                                               "nc",
                                                               "ncat",
                                                               "ninja",
                                                               "node",
                                                               "nsenter",
                                                               "npm",
                                                               "npx",
                                                               "numactl",
                                                               "osascript",
                                                               "parallel",
                                                               "perl",
                                                               "php",
                                                               "pkexec",
                                                               "podman",
                                                               "prlimit",
                                                               "python",
                                                               "python2",
                                                               "python3",
                                                               "readarray",
                                                               "rlwrap",
                                                               "rsync",
                                                               "ruby",
                                                               "run-parts",
                                                               "runuser",
                                                               "scp",
                                                               "screen",
                                                               "script",
                                                               "sed",
                                                               "setarch",
                                                               "setpriv",
                                                               "socat",
                                                               "softlimit",
                                                               "sqlite3",
                                                               "ssh",
                                                               "start-stop-daemon",
                                                               "strace",
                                                               "su",
                                                               "systemd-run",
                                                               "tar",
                                                               "taskset",
                                                               "tclsh",
                                                               "tcsh",
                                                               "tmux",
                                                               "unshare",
                                                               "unbuffer",
                                                               "vi",
                                                               "view",
                                                               "vim",
                                                               "watch",
                                                               "wish",
                                                               "xterm",
                                                               "zsh"});

constexpr WrapperRule kNoWrapper{};
constexpr WrapperRule kUnreadWrapper{.wrapper = kUnread};

bool is_versioned_interpreter(std::string_view name) {
  constexpr auto kFamilies =
      std::to_array<std::string_view>({"python", "perl", "ruby", "php", "lua", "node", "ld-linux"});
  return std::ranges::any_of(kFamilies, [&](std::string_view family) { return name.starts_with(family); });
}

}  // namespace

const WrapperRule& wrapper_of(std::string_view name) {
  const auto* found = std::ranges::find(kWrappers, name, &WrapperRule::name);
  if (found != kWrappers.end()) return *found;
  const bool unread = std::ranges::find(kUnreadNames, name) != kUnreadNames.end() || is_versioned_interpreter(name);
  return unread ? kUnreadWrapper : kNoWrapper;
}

bool changes_lookup(std::string_view variable) {
  constexpr auto kNames = std::to_array<std::string_view>(
      {"PATH",       "IFS",           "ENV",        "BASH_ENV", "BASHOPTS", "SHELLOPTS", "PS4",     "PROMPT_COMMAND",
       "GLOBIGNORE", "CDPATH",        "SHELL",      "HOME",     "EDITOR",   "VISUAL",    "PAGER",   "NODE_OPTIONS",
       "PYTHONPATH", "PYTHONSTARTUP", "PYTHONHOME", "PERL5LIB", "PERL5OPT", "RUBYOPT",   "RUBYLIB", "JAVA_TOOL_OPTIONS",
       "GCONV_PATH", "LESSOPEN",      "LESSCLOSE"});
  return variable.starts_with("LD_") || variable.starts_with("DYLD_") || variable.starts_with("GIT_") ||
         variable.starts_with("BASH_FUNC_") || std::ranges::find(kNames, variable) != kNames.end();
}

}  // namespace agentos::canonical
