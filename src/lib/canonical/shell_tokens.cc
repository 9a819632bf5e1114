// Blanks, comments, newlines with the here-documents that follow them, and reserved words.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "lib/canonical/shell_reader.h"

namespace agentos::canonical {

void ShellReader::skip_continuations() {
  while (looking_at("\\\n")) at_ += 2;
}

void ShellReader::skip_blanks() {
  for (;;) {
    skip_continuations();
    if (!is_blank(peek())) break;
    ++at_;
  }
  // A token starts here, so '#' starts a comment.
  if (peek() == '#') at_ = std::min(text_.find('\n', at_), text_.size());
}

Status ShellReader::skip_newlines() {
  for (skip_blanks(); peek() == '\n'; skip_blanks()) {
    ++at_;
    TRY(read_here_documents());
  }
  return {};
}

Status ShellReader::read_here_documents() {
  for (const HereDocument& document : here_documents_) {
    // Shells disagree where a body starts when the line ends inside a construct that began later.
    if (document.nesting != nesting_) return refuse(ErrorCode::kUnsupported, "has a here-document across a construct");
    TRY(read_here_document(document));
  }
  here_documents_.clear();
  return {};
}

Status ShellReader::read_here_document(const HereDocument& document) {
  while (!at_end()) {
    const std::size_t end = std::min(text_.find('\n', at_), text_.size());
    std::string_view line = text_.substr(at_, end - at_);
    at_ = std::min(end + 1, text_.size());
    while (document.strips_tabs && line.starts_with('\t')) line.remove_prefix(1);
    if (line == document.delimiter) return {};
    if (document.literal) continue;
    if (line.ends_with('\\')) return refuse(ErrorCode::kUnsupported, "has a here-document with a continued line");
    if (line.find('`') != std::string_view::npos || line.find("$(") != std::string_view::npos) {
      mark(kShellSubstitution);
      out_.programs.push_back({.name = {}, .path = {}, .command = 0, .is_static = false});
    } else if (line.find('$') != std::string_view::npos) {
      mark(kShellParameter);
    }
  }
  return malformed("has a here-document without its end");
}

std::string_view ShellReader::reserved_here() const {
  constexpr std::array<std::string_view, 22> kReserved = {
      "!",     "{",  "}",    "[[",   "if",   "then", "elif",   "else",     "fi",     "for", "while",
      "until", "do", "done", "case", "esac", "in",   "select", "function", "coproc", "]]",  "time"};
  std::size_t size = 0;
  while (at_ + size < text_.size() && !is_metacharacter(text_[at_ + size])) ++size;
  const std::string_view word = text_.substr(at_, size);
  return std::ranges::find(kReserved, word) != kReserved.end() ? word : std::string_view();
}

std::unexpected<Error> ShellReader::refuse(ErrorCode code, std::string_view what) const {
  return fail(code, fmt::format("the shell text {} (at octet {})", what, std::min(at_, text_.size())),
              code == ErrorCode::kMalformed ? "write it as sh would accept it" : "use simple commands");
}

}  // namespace agentos::canonical
