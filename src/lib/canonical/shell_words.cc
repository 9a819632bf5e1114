// Words: quotes and escapes removed, and what an unquoted octet means noted (glob, braces, tilde, assignment).
#include "lib/canonical/octets.h"
#include "lib/canonical/shell_reader.h"

namespace agentos::canonical {
namespace {

bool ends_name(std::string_view name) {
  // NAME, NAME+ and NAME[index] before '='.
  if (name.ends_with('+')) name.remove_suffix(1);
  return !name.empty() && !is_digit(name[0]);
}

}  // namespace

Status ShellReader::put(char c) {
  if (out_.octets.size() == out_.octets.capacity()) return refuse(ErrorCode::kTooLarge, "is too long");
  out_.octets += c;
  return {};
}

void ShellReader::note_unquoted(Draft& draft, char c) {
  const std::size_t written = out_.octets.size() - draft.text_start;
  const char before = at_ > draft.source_start ? text_[at_ - 1] : '\0';
  switch (c) {
    case '*':
    case '?':
      mark(kShellGlob);
      draft.is_static = false;
      break;
    case '[':
      draft.bracket_open = true;
      break;
    case ']':
      if (!draft.bracket_open) break;
      mark(kShellGlob);
      draft.is_static = false;
      break;
    case '{':
      draft.brace_open = true;
      break;
    case ',':
      draft.brace_list |= draft.brace_open;
      break;
    case '.':
      draft.brace_list |= draft.brace_open && before == '.';
      break;
    case '}':
      if (!draft.brace_list) break;
      mark(kShellBraces);
      draft.is_static = false;
      break;
    case '~':
      if (written != 0 && before != '=' && before != ':') break;
      mark(kShellTilde);
      draft.is_static = false;
      break;
    case '=': {
      const std::string_view name(out_.octets.data() + draft.text_start, written);
      if (!draft.name_only || draft.equals || !ends_name(name)) break;
      draft.equals = written;
      if (name.ends_with('+')) mark(kShellParameter);  // an assignment for bash, a command for sh
      break;
    }
    default:
      break;
  }
  if (!is_alphanumeric(c) && c != '_' && c != '+' && c != '[' && c != ']') draft.name_only = false;
}

Status ShellReader::read_single_quotes(Draft& draft) {
  draft.quoted = true;
  draft.name_only = false;
  const std::size_t end = text_.find('\'', at_ + 1);
  if (end == std::string_view::npos) return malformed("has an open single quote");
  for (++at_; at_ < end; ++at_) TRY(put(text_[at_]));
  ++at_;
  return {};
}

Status ShellReader::read_double_quotes(Draft& draft, bool expands) {
  draft.quoted = true;
  draft.name_only = false;
  for (++at_; peek() != '"';) {
    if (at_end()) return malformed("has an open double quote");
    const char c = peek();
    if (c == '\\') {
      const char next = peek(1);
      const bool escapes = next == '$' || next == '`' || next == '"' || next == '\\';
      if (next == '\n') {
        at_ += 2;
        continue;
      }
      if (escapes) ++at_;
      TRY(put(escapes ? next : '\\'));
      ++at_;
    } else if (c == '$' && expands) {
      TRY(read_dollar(draft, Quoting::kDouble));
    } else if (c == '`' && expands) {
      TRY(read_backticks(draft, Quoting::kDouble));
    } else {
      TRY(put(c));
      ++at_;
    }
  }
  ++at_;
  return {};
}

Status ShellReader::read_word_octet(Draft& draft, bool expands) {
  const char c = peek();
  if (c == '\'') return read_single_quotes(draft);
  if (c == '"') return read_double_quotes(draft, expands);
  if (c == '\\') {
    if (at_ + 1 < text_.size()) ++at_;  // a last backslash stands for itself
    draft.quoted = true;
    draft.name_only = false;
    TRY(put(peek()));
    ++at_;
    return {};
  }
  if (c == '$' && expands) {
    draft.name_only = false;
    return read_dollar(draft, Quoting::kNone);
  }
  if (c == '`' && expands) {
    draft.name_only = false;
    return read_backticks(draft, Quoting::kNone);
  }
  if (expands) note_unquoted(draft, c);
  TRY(put(c));
  ++at_;
  return {};
}

ShellWord ShellReader::finish_word(const Draft& draft) {
  ShellWord word;
  word.source = text_.substr(draft.source_start, at_ - draft.source_start);
  word.is_static = draft.is_static;
  word.quoted = draft.quoted;
  if (draft.is_static) {
    word.text = {out_.octets.data() + draft.text_start, out_.octets.size() - draft.text_start};
  }
  word.role = draft.equals ? ShellRole::kAssignment : ShellRole::kWord;
  return word;
}

Result<ShellWord> ShellReader::read_word(bool expands) {
  Draft draft{.source_start = at_, .text_start = out_.octets.size(), .equals = std::nullopt};
  for (;;) {
    skip_continuations();
    if (at_end()) break;
    // NAME=( starts an array.
    if (expands && peek() == '(' && draft.equals && *draft.equals + 1 == out_.octets.size() - draft.text_start) {
      draft.is_static = false;
      mark(kShellParameter);
      ++at_;
      for (TRY(skip_newlines()); peek() != ')'; TRY(skip_newlines())) {
        if (at_end() || is_metacharacter(peek())) return malformed("has an open list of values");
        Nesting nesting(*this);
        TRY(nesting.check());
        TRY(read_word(expands));
      }
      ++at_;
      continue;
    }
    if (is_metacharacter(peek())) break;
    TRY(read_word_octet(draft, expands));
  }
  if (at_ == draft.source_start) return malformed("lacks a word");
  return finish_word(draft);
}

}  // namespace agentos::canonical
