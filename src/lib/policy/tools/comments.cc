// One pass over the text with the few states that matter: in quotes, in a block of text, at the start of a token.
#include "lib/policy/tools/comments.h"

#include <algorithm>

#include "base/yaml/document.h"

namespace agentos::policy::tools {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

class Scanner {
 public:
  Scanner(std::string_view text, std::string_view file) : text_(text), file_(file) { out_.empty_lines.resize(2); }

  Result<Layout> scan() {
    while (at_ < text_.size()) {
      TRY(line());
      ++number_;
      out_.empty_lines.resize(number_ + 2);
    }
    return std::move(out_);
  }

 private:
  std::string_view current_line() const {
    const std::size_t end = std::min(text_.find('\n', at_), text_.size());
    std::string_view line = text_.substr(at_, end - at_);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }
  void next_line(std::string_view line) {
    at_ += line.size();
    while (at_ < text_.size() && text_[at_] != '\n') ++at_;
    if (at_ < text_.size()) ++at_;
  }

  Status line() {
    const std::string_view line = current_line();
    const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
    if (block_ && quote_ == '\0') {
      const bool blank = line.find_first_not_of(" \t") == std::string_view::npos;
      if (blank || static_cast<std::ptrdiff_t>(indent) > block_indent_) {
        next_line(line);
        return {};
      }
      block_ = false;
    }
    if (quote_ == '\0') {
      out_.empty_lines[number_] = line.find_first_not_of(" \t") == std::string_view::npos;
      if (line.starts_with('%') && depth_ == 0) return refuse(0, "a directive would be lost", "leave it out");
    }
    TRY(tokens(line, indent));
    next_line(line);
    return {};
  }

  // Characters of one line; quotes and brackets may stay open at its end.
  Status tokens(std::string_view line, std::size_t indent) {
    bool at_start = quote_ == '\0';                                   // a token may begin here
    std::ptrdiff_t parent = static_cast<std::ptrdiff_t>(indent) - 1;  // what a block of text is indented more than
    std::ptrdiff_t token = parent;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const char c = line[i];
      if (quote_ != '\0') {
        in_quotes(line, i);
        continue;
      }
      if (is_blank(c)) continue;
      if (c == '#' && (i == 0 || is_blank(line[i - 1]))) {
        std::string_view comment = line.substr(i);
        while (!comment.empty() && is_blank(comment.back())) comment.remove_suffix(1);
        out_.comments.push_back({number_, line.find_first_not_of(" \t") == i, std::string(comment)});
        return {};
      }
      const auto column = static_cast<std::ptrdiff_t>(i);
      if (at_start) token = column;
      const bool follows_blank = i + 1 >= line.size() || is_blank(line[i + 1]);
      if (at_start && (c == '"' || c == '\'')) {
        quote_ = c;
        at_start = false;
      } else if (at_start && (c == '&' || c == '*' || c == '!')) {
        return refuse(i, c == '!' ? "a tag would be lost" : "anchors and aliases would be lost", "write the value out");
      } else if (at_start && depth_ == 0 && (c == '|' || c == '>')) {
        block_ = true;
        block_indent_ = parent;
        at_start = false;
      } else if (depth_ == 0 && at_start && (c == '-' || c == '?') && follows_blank) {
        parent = column;
      } else if (at_start && (c == '[' || c == '{')) {
        ++depth_;
      } else if (depth_ > 0 && (c == ']' || c == '}')) {
        --depth_;
        at_start = false;
      } else if (depth_ > 0 && c == ',') {
        at_start = true;
      } else if (c == ':' && (follows_blank || (depth_ > 0 && !at_start))) {
        at_start = true;
        parent = token;
      } else {
        at_start = false;
      }
    }
    return {};
  }

  void in_quotes(std::string_view line, std::size_t& i) {
    if (quote_ == '"' && line[i] == '\\') {
      ++i;
    } else if (line[i] == quote_) {
      if (quote_ == '\'' && i + 1 < line.size() && line[i + 1] == '\'') {
        ++i;
      } else {
        quote_ = '\0';
      }
    }
  }

  std::unexpected<Error> refuse(std::size_t column, std::string_view what, std::string hint) const {
    Error error =
        yaml::fail_at(file_, {number_, static_cast<std::uint32_t>(column) + 1}, what, std::move(hint)).error();
    error.code = ErrorCode::kUnsupported;
    return std::unexpected<Error>(std::move(error));
  }

  const std::string_view text_;
  const std::string_view file_;
  std::size_t at_ = 0;
  std::uint32_t number_ = 1;
  std::size_t depth_ = 0;  // of brackets
  char quote_ = '\0';
  bool block_ = false;
  std::ptrdiff_t block_indent_ = -1;
  Layout out_;
};

}  // namespace

Result<Layout> layout_of(std::string_view text, std::string_view file) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return Scanner(text, file).scan();
}

}  // namespace agentos::policy::tools
