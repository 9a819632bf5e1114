// See code_text.h.
#include "lib/tool/executors/builtin/code_text.h"

#include <algorithm>
#include <cctype>

namespace agentos::tool {
namespace {

constexpr std::size_t kCallDepthMax = 256;  // deeper calls are not told apart

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class CodeReader {
 public:
  CodeReader(std::string_view text, CodeSyntax syntax) : text_(text), syntax_(syntax) {
    out_.code.reserve(text.size());
  }

  CodeText read() {
    while (at_ < text_.size()) step();
    return std::move(out_);
  }

 private:
  struct Open {
    char bracket;
    std::size_t at;
    std::string callee;
  };

  std::string_view rest() const { return text_.substr(at_); }
  void keep(std::size_t count) {
    out_.code += text_.substr(at_, count);
    at_ += std::min(count, text_.size() - at_);
  }
  void blank(std::size_t count) {
    for (const char c : text_.substr(at_, count)) out_.code += c == '\n' ? '\n' : ' ';
    at_ += std::min(count, text_.size() - at_);
  }
  void blank_until(std::string_view end) {
    const std::size_t found = text_.find(end, at_ + 1);
    blank(found == std::string_view::npos ? text_.size() - at_ : found + end.size() - at_);
  }

  void step() {
    const char c = text_[at_];
    const bool python = syntax_ == CodeSyntax::kPython;
    if (python ? c == '#' : rest().starts_with("//")) {
      const std::size_t end = text_.find('\n', at_);
      return blank((end == std::string_view::npos ? text_.size() : end) - at_);
    }
    if (!python && rest().starts_with("/*")) return blank_until("*/");
    if (!python && c == '/' && begins_pattern()) return pass_pattern();
    if (c == '"' || c == '\'' || (!python && c == '`')) return take_string(c);
    if (c == '(' || c == '[' || c == '{') {
      open_.size() < kCallDepthMax ? open_.push_back({c, at_, c == '(' ? callee() : std::string()}) : void();
    } else if ((c == ')' || c == ']' || c == '}') && !open_.empty()) {
      open_.pop_back();
    }
    keep(1);
  }

  // The dotted name before where we are, "" when there is none.
  std::string callee() const {
    const std::string& code = out_.code;
    std::size_t end = code.size();
    while (end > 0 && is_blank(code[end - 1])) --end;
    std::size_t begin = end;
    while (begin > 0 && (is_word_character(code[begin - 1]) || code[begin - 1] == '.')) --begin;
    return code.substr(begin, end - begin);
  }

  // A slash begins a regular expression where a value may stand.
  bool begins_pattern() const {
    const std::string& code = out_.code;
    std::size_t end = code.size();
    while (end > 0 && is_blank(code[end - 1])) --end;
    if (end == 0) return true;
    if (std::string_view("(,=:[!&|?{};+-*%<>~^").find(code[end - 1]) != std::string_view::npos) return true;
    const std::string word = callee();
    return word == "return" || word == "typeof" || word == "case";
  }
  void pass_pattern() {
    bool in_class = false;
    std::size_t end = at_ + 1;
    for (; end < text_.size() && text_[end] != '\n'; ++end) {
      const char c = text_[end];
      if (c == '\\') {
        ++end;
      } else if (c == '[' || c == ']') {
        in_class = c == '[';
      } else if (c == '/' && !in_class) {
        break;
      }
    }
    blank(std::min(end + 1, text_.size()) - at_);
  }

  void take_string(char quote) {
    const std::string triple(3, quote);
    const bool long_string = syntax_ == CodeSyntax::kPython && rest().starts_with(triple);
    const bool lines = long_string || quote == '`';
    CodeString string;
    string.at = at_ + (long_string ? 3 : 1);
    std::size_t end = string.at;
    for (; end < text_.size(); ++end) {
      if (text_[end] == '\\' && end + 1 < text_.size()) {
        ++end;
        if (text_[end] == 'n') string.text += '\n';
        if (text_[end] != 'n' && text_[end] != '\n') string.text += text_[end];
        continue;
      }
      if (!lines && text_[end] == '\n') break;  // it was not closed: it ends with its line
      if (text_[end] == quote && (!long_string || text_.substr(end).starts_with(triple))) break;
      string.text += text_[end];
    }
    for (auto open = open_.rbegin(); open != open_.rend(); ++open) {
      if (open->bracket != '(') continue;
      string.callee = open->callee;
      string.call = open->at;
      break;
    }
    out_.strings.push_back(std::move(string));
    const std::size_t after = std::min(end + (long_string ? 3 : 1), text_.size());
    blank(after - at_);
  }

  std::string_view text_;
  CodeSyntax syntax_;
  std::size_t at_ = 0;
  CodeText out_;
  std::vector<Open> open_;
};

}  // namespace

bool is_word_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$'; }

CodeText read_code(std::string_view text, CodeSyntax syntax) { return CodeReader(text, syntax).read(); }

}  // namespace agentos::tool
