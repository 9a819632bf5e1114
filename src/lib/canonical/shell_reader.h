// Reads one shell text into a ShellText: words and quoting in shell_words.cc, expansions in shell_expansions.cc,
// commands in shell_commands.cc, compound commands in shell_compound.cc. One reader per text; nested texts get their
// own.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "lib/canonical/shell.h"

namespace agentos::canonical {

enum class Quoting : std::uint8_t { kNone, kDouble };
// What ends a list of commands.
enum class ListEnd : std::uint8_t { kText, kParenthesis, kBrace, kThen, kElse, kDo, kDone, kCaseItem };

class ShellReader {
 public:
  ShellReader(std::string_view text, ShellText& out, int depth) : text_(text), out_(out), depth_(depth) {}
  Status read();

 private:
  // A word while it is read.
  struct Draft {
    std::size_t source_start = 0;
    std::size_t text_start = 0;  // in out_.octets
    bool is_static = true;
    bool quoted = false;
    bool brace_open = false;
    bool brace_list = false;
    bool bracket_open = false;
    bool name_only = true;              // unquoted identifier so far
    std::optional<std::size_t> equals;  // in the text: NAME= before it
  };
  struct HereDocument {
    std::string_view delimiter;
    bool strips_tabs = false;
    bool literal = false;
    int nesting = 0;
  };
  class Nesting;

  // shell_words.cc
  Result<ShellWord> read_word(bool expands);
  Status read_word_octet(Draft& draft, bool expands);
  Status read_single_quotes(Draft& draft);
  Status read_double_quotes(Draft& draft, bool expands);
  void note_unquoted(Draft& draft, char c);
  ShellWord finish_word(const Draft& draft);
  Status put(char c);

  // shell_expansions.cc
  Status read_dollar(Draft& draft, Quoting quoting);
  Status read_braced_parameter(Draft& draft, Quoting quoting);
  Status read_arithmetic(Draft& draft);
  Status read_backticks(Draft& draft, Quoting quoting);
  Status read_ansi_quotes(Draft& draft);
  Status read_ansi_escape();
  Status put_code_point(std::uint32_t code_point);
  Status read_parenthesized_list();

  // shell_commands.cc
  Result<int> read_list(ListEnd end);
  Result<bool> at_list_end(ListEnd end);
  Status read_and_or();
  Status read_pipeline();
  Status read_command();
  Status read_simple();
  Status read_redirection();
  Status read_redirections();
  Status add_word(const ShellWord& word);
  Status finish_command(std::size_t pending_start);
  Status read_function_body();

  // shell_compound.cc
  Status read_compound(std::string_view reserved);
  Status read_if();
  Status read_loop();
  Status read_for();
  Status read_case();
  Status read_double_bracket();
  Status expect(std::string_view reserved);

  // shell_tokens.cc
  bool at_end() const { return at_ >= text_.size(); }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool looking_at(std::string_view token) const { return text_.substr(at_).starts_with(token); }
  void skip_continuations();
  void skip_blanks();
  Status skip_newlines();
  Status read_here_documents();
  Status read_here_document(const HereDocument& document);
  std::string_view reserved_here() const;  // empty when no reserved word stands here
  std::unexpected<Error> refuse(ErrorCode code, std::string_view what) const;
  std::unexpected<Error> malformed(std::string_view what) const { return refuse(ErrorCode::kMalformed, what); }
  void mark(std::uint32_t features) { out_.features |= features; }

  std::string_view text_;
  ShellText& out_;
  std::size_t at_ = 0;
  int depth_;
  int nesting_ = 0;
  std::vector<HereDocument> here_documents_;  // empty on the common path
};

// Counts constructs within constructs.
class ShellReader::Nesting {
 public:
  explicit Nesting(ShellReader& reader) : reader_(reader) { ++reader_.nesting_; }
  ~Nesting() { --reader_.nesting_; }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;
  Status check() const {
    if (reader_.nesting_ + reader_.depth_ <= kShellDepthMax) return {};
    return reader_.refuse(ErrorCode::kTooLarge, "is nested too deeply");
  }

 private:
  ShellReader& reader_;
};

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
// Ends an unquoted word.
constexpr bool is_metacharacter(char c) {
  return is_blank(c) || c == '\n' || c == ';' || c == '&' || c == '|' || c == '<' || c == '>' || c == '(' || c == ')';
}

// Adds the programs of one command, reading nested texts (sh -c) as further commands of `shell`. shell_programs.cc.
Status resolve_programs(ShellText& shell, std::uint32_t command);

}  // namespace agentos::canonical
