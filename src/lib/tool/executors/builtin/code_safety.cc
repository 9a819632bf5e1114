// See code_safety.h: the rules, and what of each language is looked at.
#include "lib/tool/executors/builtin/code_safety.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "lib/canonical/shell.h"
#include "lib/guard/scan.h"
#include "lib/tool/executors/builtin/code_text.h"

namespace agentos::tool {
namespace {

struct Rule {
  std::string_view name, severity, message, alternative;
};
constexpr Rule kRules[] = {
    {"drop_table", "critical", "It drops what a database holds.",
     "Rename it first, and drop it when nobody misses it."},
    {"delete_all", "critical", "It deletes every row.", "Say which rows, with WHERE."},
    {"truncate_table", "critical", "It empties a table.", "Delete the rows that are meant, with WHERE."},
    {"update_all", "high", "It changes every row.", "Say which rows, with WHERE."},
    {"rm_rf", "critical", "It removes a tree without asking.", "Remove the files that are meant, by name."},
    {"rm_root", "critical", "It removes a whole file system or home.", "Name the folder that is meant."},
    {"find_delete", "critical", "It removes whatever is found.", "Print what is found first, and remove that."},
    {"shutil_rmtree", "high", "It removes a tree.", "Remove the files that are meant, by name."},
    {"chmod_777", "high", "It lets everybody write.", "Grant the one who needs it: 0640, 0750."},
    {"setuid_root", "critical", "It makes a program run as its owner, or this one as root.",
     "Use a service that has the right."},
    {"sudo", "high", "It runs as another user.", "Let somebody who has the right do it."},
    {"dd_disk", "critical", "It writes to a disk, past its file system.", "Write to a file."},
    {"format_drive", "critical", "It makes a new file system where one was.", ""},
    {"fork_bomb", "critical", "It starts itself without end.", ""},
    {"pipe_to_shell", "high", "It runs what a host on the network sends.",
     "Fetch it, read it, check its digest, run it."},
    {"eval", "high", "It runs text as code.", "Read the text as data: ast.literal_eval, JSON.parse."},
    {"exec", "high", "It runs text as code or as a command.",
     "Call the function or program that is meant, with a list of arguments."},
    {"aws_key", "critical", "A key of AWS stands in it.", "Read it from the environment or a secret store."},
    {"private_key", "critical", "A private key stands in it.", "Read it from a file that only its owner reads."},
    {"github_token", "critical", "A token of GitHub stands in it.", "Read it from the environment or a secret store."},
    {"hardcoded_password", "critical", "A password stands in it.", "Read it from the environment or a secret store."},
    {"hardcoded_api_key", "critical", "A secret stands in it.", "Read it from the environment or a secret store."},
    {"hidden_text", "high", "It holds characters that are not seen, or that show it in another order.", "Remove them."},
    {"unread", "high", "It is no text of a shell, so nothing is known of it.", ""}};

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

class CodeCheck {
 public:
  explicit CodeCheck(std::string_view code) : code_(code) {}

  void shell(std::string_view text, std::size_t at);
  void sql(std::string_view text, std::size_t at, bool only_statements);
  void program(CodeSyntax syntax);
  void secrets();
  std::vector<CodeFinding> take();

 private:
  void found(std::string_view rule, std::size_t at);
  void command(const canonical::ShellText& shell, const canonical::ShellProgram& program, std::size_t at);
  void statement(const std::vector<std::string>& words, std::size_t at);
  void word(const CodeText& text, std::size_t begin, std::size_t end, CodeSyntax syntax);
  void handed_to_shell(const CodeText& text);

  std::string_view code_;
  std::vector<std::pair<std::size_t, const Rule*>> found_;
};

void CodeCheck::found(std::string_view name, std::size_t at) {
  const auto rule = std::ranges::find(kRules, name, &Rule::name);
  if (found_.size() < kCodeFindingsMax) found_.emplace_back(std::min(at, code_.size()), &*rule);
}

std::vector<CodeFinding> CodeCheck::take() {
  std::ranges::sort(found_);  // rules of one place in the order of the table
  std::vector<CodeFinding> out;
  std::size_t counted = 0;
  std::int64_t line = 1;
  for (const auto& [at, rule] : found_) {
    line += std::count(code_.begin() + static_cast<std::ptrdiff_t>(counted),
                       code_.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    counted = at;
    CodeFinding one{rule->name, rule->severity, rule->message, rule->alternative, line};
    if (out.empty() || !(out.back() == one)) out.push_back(one);
  }
  return out;
}

// ---- shell

// Whether an option of one letter, or its long form, is among the words.
bool has_option(std::span<const canonical::ShellWord> words, std::string_view letters, std::string_view long_form) {
  return std::ranges::any_of(words, [&](const canonical::ShellWord& word) {
    if (word.text == long_form) return true;
    return word.text.size() > 1 && word.text[0] == '-' && word.text[1] != '-' &&
           word.text.find_first_of(letters) != std::string_view::npos;
  });
}

bool opens_to_all(std::string_view mode) {
  while (mode.size() > 3 && mode.starts_with('0')) mode.remove_prefix(1);
  if (mode.size() >= 3 && std::ranges::all_of(mode, [](char c) { return c >= '0' && c <= '7'; })) {
    return mode.ends_with("777") || mode.ends_with("666");
  }
  return mode == "a+rwx" || mode == "ugo+rwx" || mode == "+rwx" || mode == "a=rwx" || mode == "o+w" || mode == "a+w";
}

bool makes_setuid(std::string_view mode) {
  const bool number = mode.size() >= 4 && std::ranges::all_of(mode, [](char c) { return c >= '0' && c <= '7'; });
  if (number) return ((mode[mode.size() - 4] - '0') & 4) != 0;
  return mode == "u+s" || mode == "+s" || mode == "ug+s";
}

void CodeCheck::command(const canonical::ShellText& shell, const canonical::ShellProgram& program, std::size_t at) {
  const auto words = shell.words_of(shell.commands[program.command]);
  const auto any = [&](const auto& is) {
    return std::ranges::any_of(words, [&](const auto& w) { return is(w.text); });
  };
  const std::string_view name = program.name;
  if (name == "sudo" || name == "doas" || name == "su") found("sudo", at);
  if (name == "rm" && has_option(words, "rR", "--recursive") && has_option(words, "f", "--force")) {
    const bool root =
        any([](std::string_view w) { return w == "/" || w == "/*" || w == "~" || w == "~/" || w == "/."; });
    const bool whole = std::ranges::any_of(
        words, [](const auto& w) { return w.source == "/*" || w.source == "~" || w.source == "$HOME"; });
    found(root || whole ? "rm_root" : "rm_rf", at);
  }
  if (name == "find" && any([](std::string_view w) { return w == "-delete" || w == "rm"; })) found("find_delete", at);
  if (name == "chmod" && any(opens_to_all)) found("chmod_777", at);
  if (name == "chmod" && any(makes_setuid)) found("setuid_root", at);
  if (name == "dd" && any([](std::string_view w) { return w.starts_with("of=/dev/") && w != "of=/dev/null"; })) {
    found("dd_disk", at);
  }
  if (name.starts_with("mkfs") || name == "wipefs" || name == "mkswap") found("format_drive", at);
  for (const canonical::ShellWord& to : shell.redirections_of(shell.commands[program.command])) {
    if (to.redirect != canonical::Redirect::kInput &&
        (to.text.starts_with("/dev/sd") || to.text.starts_with("/dev/nvme") || to.text.starts_with("/dev/vd"))) {
      found("dd_disk", at);
    }
  }
}

bool is_fork_bomb(std::string_view text) {
  std::string bare;
  for (const char c : text) {
    if (std::isspace(static_cast<unsigned char>(c)) == 0) bare += c;
  }
  const std::size_t brace = bare.find("(){");
  if (brace == std::string::npos || brace == 0) return false;
  std::size_t begin = brace;
  while (begin > 0 && bare[begin - 1] != ';' && bare[begin - 1] != '}') --begin;
  const std::string name = bare.substr(begin, brace - begin);
  return bare.substr(brace).find(name + "|" + name + "&") != std::string::npos;
}

void CodeCheck::shell(std::string_view text, std::size_t at) {
  if (is_fork_bomb(text.substr(0, canonical::kShellBytesMax))) return found("fork_bomb", at);
  canonical::ShellText shell;
  if (!canonical::read_shell(text, shell)) return found("unread", at);
  bool fetched = false;
  for (const canonical::ShellProgram& program : shell.programs) {
    const auto words = shell.words_of(shell.commands[program.command]);
    // Views of decoded words lie elsewhere; those of the text say where the command stands.
    const std::string_view source = words.empty() ? std::string_view() : words[0].source;
    const bool inside = source.data() >= text.data() && source.data() < text.data() + text.size();
    const std::size_t where = at + (inside ? static_cast<std::size_t>(source.data() - text.data()) : 0);
    command(shell, program, where);
    const bool piped = (shell.features & canonical::kShellPipe) != 0;
    const bool runs = program.name == "sh" || program.name == "bash" || program.name == "zsh" ||
                      program.name.starts_with("python") || program.name == "node" || program.name == "perl";
    if (piped && fetched && runs) found("pipe_to_shell", where);
    fetched = fetched || program.name == "curl" || program.name == "wget";
  }
}

// ---- SQL

bool is_always_true(const std::vector<std::string>& words, std::size_t where) {
  const std::size_t left = words.size() - where - 1;
  if (left == 1) return words[where + 1] == "TRUE" || words[where + 1] == "1";
  return left == 3 && words[where + 2] == "=" && words[where + 1] == words[where + 3];
}

void CodeCheck::statement(const std::vector<std::string>& words, std::size_t at) {
  if (words.empty()) return;
  const auto has = [&](std::string_view word) { return std::ranges::find(words, word) != words.end(); };
  if (words[0] == "DROP" || (words[0] == "ALTER" && has("DROP"))) found("drop_table", at);
  if (words[0] == "TRUNCATE" && words.size() > 1) found("truncate_table", at);
  const auto deletes = words[0] == "WITH" ? std::ranges::find(words, "DELETE") : words.begin();
  const auto where = std::ranges::find(words, "WHERE");
  const bool bounded = where != words.end() && !is_always_true(words, static_cast<std::size_t>(where - words.begin()));
  if (deletes != words.end() && *deletes == "DELETE" && has("FROM") && !bounded) found("delete_all", at);
  if (words[0] == "UPDATE" && has("SET") && !bounded) found("update_all", at);
}

// Comments are passed over, strings are one word. `only_statements`: a text that may be no SQL at all.
void CodeCheck::sql(std::string_view text, std::size_t at, bool only_statements) {
  static constexpr std::string_view kVerbs[] = {"DROP", "TRUNCATE", "DELETE", "UPDATE", "WITH", "ALTER"};
  std::vector<std::string> words;
  std::size_t begin = at;
  const auto end_statement = [&] {
    const bool plausible = !words.empty() && std::ranges::find(kVerbs, words[0]) != std::end(kVerbs);
    if (!only_statements || plausible) statement(words, begin);
    words.clear();
  };
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view rest = text.substr(i);
    if (rest.starts_with("--")) {
      i = std::min(text.find('\n', i), text.size());
    } else if (rest.starts_with("/*")) {
      const std::size_t end = text.find("*/", i + 2);
      i = end == std::string_view::npos ? text.size() : end + 2;
    } else if (std::isspace(static_cast<unsigned char>(text[i])) != 0) {
      ++i;
    } else if (text[i] == ';') {
      end_statement();
      ++i;
    } else {
      if (words.empty()) begin = at + i;
      std::size_t end = i + 1;
      if (text[i] == '\'' || text[i] == '"') {
        end = std::min(text.find(text[i], i + 1), text.size() - 1) + 1;
      } else if (is_word_character(text[i])) {
        while (end < text.size() && (is_word_character(text[end]) || text[end] == '.')) ++end;
      }
      words.push_back(upper(text.substr(i, end - i)));
      i = end;
    }
  }
  end_statement();
}

// ---- Python and JavaScript

std::string_view word_before(std::string_view code, std::size_t end) {
  while (end > 0 && (code[end - 1] == ' ' || code[end - 1] == '\t')) --end;
  std::size_t begin = end;
  while (begin > 0 && is_word_character(code[begin - 1])) --begin;
  return code.substr(begin, end - begin);
}

// Whose member a name is: "os" of os.system, "" of none, "?" of what is no name.
std::string_view owner_of(std::string_view code, std::size_t begin) {
  while (begin > 0 && (code[begin - 1] == ' ' || code[begin - 1] == '\t')) --begin;
  if (begin == 0 || code[begin - 1] != '.') return {};
  const std::string_view owner = word_before(code, begin - 1);
  return owner.empty() ? "?" : owner;
}

void CodeCheck::word(const CodeText& text, std::size_t begin, std::size_t end, CodeSyntax syntax) {
  const std::string_view code = text.code;
  const std::string_view name = code.substr(begin, end - begin);
  std::size_t next = end;
  while (next < code.size() && (code[next] == ' ' || code[next] == '\t')) ++next;
  if (next == code.size() || code[next] != '(') return;
  const std::string_view owner = owner_of(code, begin);
  const std::string_view before = owner.empty() ? word_before(code, begin) : std::string_view();
  if (before == "def" || before == "function") return;
  const bool python = syntax == CodeSyntax::kPython;
  const bool own = owner.empty() || owner == (python ? "builtins" : "globalThis") || owner == "window";
  if (name == "eval" && own) found("eval", begin);
  if (!python && name == "Function" && before == "new") found("eval", begin);
  if (name == "exec" && (own || owner == "child_process")) found("exec", begin);
  if (!python && name == "execSync") found("exec", begin);
  if (name == "rmtree") found("shutil_rmtree", begin);
  if (python && (name == "setuid" || name == "seteuid")) found("setuid_root", begin);
  if (name == "chmod" || name == "chmodSync" || name == "fchmod") {
    const std::string_view arguments = code.substr(next, std::min(code.find(')', next), code.size()) - next);
    for (const std::string_view mode : {"0o777", "0777", "0o666", "0x1ff", "511"}) {
      if (arguments.find(mode) != std::string_view::npos) return found("chmod_777", begin);
    }
  }
}

// Texts that a program gives to a shell; the words of one call are one command.
void CodeCheck::handed_to_shell(const CodeText& text) {
  static constexpr std::string_view kRunners[] = {"system",       "popen",      "Popen",          "run",  "call",
                                                  "check_output", "check_call", "getoutput",      "exec", "execSync",
                                                  "spawn",        "spawnSync",  "getstatusoutput"};
  std::map<std::size_t, std::pair<std::string, std::size_t>> calls;
  for (const CodeString& string : text.strings) {
    const std::string_view name = std::string_view(string.callee).substr(string.callee.rfind('.') + 1);
    if (std::ranges::find(kRunners, name) == std::end(kRunners)) continue;
    auto& [words, at] = calls[string.call];
    if (words.empty()) at = string.at;
    words += (words.empty() ? "" : " ") + string.text;
  }
  for (const auto& [call, one] : calls) {
    const std::size_t before = found_.size();
    shell(one.first, one.second);
    // A word that is no text of a shell is no finding here: not every run() is one.
    if (found_.size() == before + 1 && found_.back().second->name == "unread") found_.pop_back();
  }
}

void CodeCheck::program(CodeSyntax syntax) {
  const CodeText text = read_code(code_, syntax);
  for (std::size_t begin = 0; begin < text.code.size();) {
    if (!is_word_character(text.code[begin])) {
      ++begin;
      continue;
    }
    std::size_t end = begin;
    while (end < text.code.size() && is_word_character(text.code[end])) ++end;
    word(text, begin, end, syntax);
    begin = end;
  }
  handed_to_shell(text);
  for (const CodeString& string : text.strings) sql(string.text, string.at, true);
}

void CodeCheck::secrets() {
  for (const guard::Finding& finding : guard::scan(code_).items) {
    if (finding.kind == guard::Kind::kBidi || finding.kind == guard::Kind::kTag ||
        finding.kind == guard::Kind::kZeroWidth) {
      found("hidden_text", finding.begin);
    }
    if (finding.kind != guard::Kind::kSecret) continue;
    const auto names = [&](std::string_view part) { return finding.name.find(part) != std::string_view::npos; };
    found(names("aws")       ? "aws_key"
          : names("private") ? "private_key"
          : names("github")  ? "github_token"
          : names("passw")   ? "hardcoded_password"
                             : "hardcoded_api_key",
          finding.begin);
  }
}

}  // namespace

std::size_t code_rules() { return std::size(kRules); }

Result<std::vector<CodeFinding>> check_code(std::string_view code, std::string_view language) {
  if (code.size() > kCodeBytesMax) return fail(ErrorCode::kTooLarge, "code of at most 921600 octets is read");
  CodeCheck check(code);
  if (language == "python") {
    check.program(CodeSyntax::kPython);
  } else if (language == "javascript" || language == "typescript") {
    check.program(CodeSyntax::kJavaScript);
  } else if (language == "shell" || language == "bash" || language == "sh") {
    check.shell(code, 0);
  } else if (language == "sql") {
    check.sql(code, 0, false);
  } else {
    return fail(ErrorCode::kUnsupported, "code of that language is not read",
                "python, javascript, typescript, shell (bash, sh) and sql are");
  }
  check.secrets();
  return check.take();
}

}  // namespace agentos::tool
