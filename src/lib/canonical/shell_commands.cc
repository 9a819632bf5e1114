// Lists, pipelines and simple commands with their redirections.
#include <algorithm>

#include "lib/canonical/octets.h"
#include "lib/canonical/shell_reader.h"

namespace agentos::canonical {

Status ShellReader::read() {
  TRY(read_list(ListEnd::kText));
  if (!here_documents_.empty()) return malformed("has a here-document without its end");
  return {};
}

// True at what ends this list; an end that belongs to no open construct is an error.
Result<bool> ShellReader::at_list_end(ListEnd end) {
  if (at_end()) {
    if (end == ListEnd::kText) return true;
    return malformed("ends within a construct");
  }
  if (peek() == ')') {
    if (end == ListEnd::kParenthesis) return true;
    return malformed("has a ) too many");
  }
  if (looking_at(";;")) {
    if (end == ListEnd::kCaseItem) return true;
    return malformed("has ;; outside of case");
  }
  const std::string_view word = reserved_here();
  if (word == "}") {
    if (end == ListEnd::kBrace) return true;
  } else if (word == "then") {
    if (end == ListEnd::kThen) return true;
  } else if (word == "elif" || word == "else" || word == "fi") {
    if (end == ListEnd::kElse) return true;
  } else if (word == "do") {
    if (end == ListEnd::kDo) return true;
  } else if (word == "done") {
    if (end == ListEnd::kDone) return true;
  } else if (word == "esac") {
    if (end == ListEnd::kCaseItem) return true;
  } else if (word != "in" && word != "]]") {
    return false;
  }
  return malformed("has a reserved word out of place");
}

// Returns how many commands the list has; stops at its end without taking it.
Result<int> ShellReader::read_list(ListEnd end) {
  int count = 0;
  for (;;) {
    TRY(skip_newlines());
    if (TRY(at_list_end(end))) return count;
    if (count++ > 0) mark(kShellSequence);
    TRY(read_and_or());
    skip_blanks();
    if (peek() == '\n' || at_end() || peek() == ')' || looking_at(";;")) continue;
    if (peek() == '&' && peek(1) != '&') {
      mark(kShellBackground);
    } else if (peek() != ';') {
      return malformed("has something behind a command");
    }
    ++at_;
    if (peek() == ';' || peek() == '&') return malformed("lacks a command");
  }
}

Status ShellReader::read_and_or() {
  for (;;) {
    TRY(read_pipeline());
    skip_blanks();
    if (!looking_at("&&") && !looking_at("||")) return {};
    mark(kShellSequence);
    at_ += 2;
    TRY(skip_newlines());
  }
}

Status ShellReader::read_pipeline() {
  for (int bangs = 0; reserved_here() == "!"; ++bangs) {
    if (bangs > 0) return malformed("has more than one !");
    ++at_;
    skip_blanks();
  }
  for (;;) {
    TRY(read_command());
    skip_blanks();
    if (peek() != '|' || peek(1) == '|') return {};
    mark(kShellPipe);
    at_ += peek(1) == '&' ? 2U : 1U;
    TRY(skip_newlines());
  }
}

Status ShellReader::read_command() {
  if (peek() == '(') {
    if (peek(1) == '(') return refuse(ErrorCode::kUnsupported, "has ((");
    mark(kShellCompound);
    ++at_;
    Nesting nesting(*this);
    TRY(nesting.check());
    if (TRY(read_list(ListEnd::kParenthesis)) == 0) return malformed("has ( ) without a command");
    ++at_;
    return read_redirections();
  }
  const std::string_view word = reserved_here();
  if (!word.empty() && word != "time") return read_compound(word);
  return read_simple();
}

Status ShellReader::add_word(const ShellWord& word) {
  if (out_.pending.size() + out_.words.size() >= kShellWordsMax)
    return refuse(ErrorCode::kTooLarge, "has too many words");
  out_.pending.push_back(word);
  return {};
}

Status ShellReader::read_redirection() {
  mark(kShellRedirection);
  struct Operator {
    std::string_view text;
    Redirect redirect;
  };
  constexpr Operator kOperators[] = {
      {"<<<", Redirect::kHereString}, {"<<-", Redirect::kHereDocument}, {"<<", Redirect::kHereDocument},
      {"<&", Redirect::kDuplicate},   {"<>", Redirect::kBoth},          {"<", Redirect::kInput},
      {"&>>", Redirect::kAppend},     {"&>", Redirect::kOutput},        {">>", Redirect::kAppend},
      {">&", Redirect::kDuplicate},   {">|", Redirect::kOutput},        {">", Redirect::kOutput}};
  const auto* found = std::ranges::find_if(kOperators, [&](const Operator& one) { return looking_at(one.text); });
  if (found == std::end(kOperators)) return malformed("has a broken redirection");
  at_ += found->text.size();
  skip_blanks();
  ShellWord target = TRY(read_word(found->redirect != Redirect::kHereDocument));
  target.role = ShellRole::kRedirection;
  target.redirect = found->redirect;
  if (found->redirect == Redirect::kHereDocument) {
    mark(kShellHereDocument);
    if (target.source.find_first_of("$`") != std::string_view::npos) {
      return refuse(ErrorCode::kUnsupported, "has a here-document with a dollar in its end");
    }
    here_documents_.push_back(
        {.delimiter = target.text, .strips_tabs = found->text == "<<-", .literal = target.quoted, .nesting = nesting_});
  }
  // >&word with a word that is no descriptor writes a file.
  const bool descriptor = target.is_static && (target.text == "-" || std::ranges::all_of(target.text, is_digit));
  if (found->text == ">&" && !descriptor) target.redirect = Redirect::kOutput;
  return add_word(target);
}

// Behind a compound command.
Status ShellReader::read_redirections() {
  const std::size_t start = out_.pending.size();
  for (;;) {
    skip_blanks();
    std::size_t digits = 0;
    while (is_digit(peek(digits))) ++digits;
    const char c = peek(digits);
    if (c != '<' && c != '>' && !looking_at("&>")) break;
    at_ += digits;
    TRY(read_redirection());
  }
  return out_.pending.size() == start ? Status{} : finish_command(start);
}

Status ShellReader::read_function_body() {
  mark(kShellFunction | kShellCompound);
  TRY(skip_newlines());
  const std::string_view word = reserved_here();
  if (peek() != '(' && (word.empty() || word == "time" || word == "!" || word == "function")) {
    return malformed("has a function without a body");
  }
  Nesting nesting(*this);
  TRY(nesting.check());
  return read_command();
}

Status ShellReader::read_simple() {
  const std::size_t start = out_.pending.size();
  bool has_words = false;
  bool both_redirected = false;
  for (;;) {
    skip_blanks();
    const char c = peek();
    const bool substitution = (c == '<' || c == '>') && peek(1) == '(';
    if (substitution) {
      mark(kShellSubstitution);
      const std::size_t source = at_;
      at_ += 2;
      TRY(read_parenthesized_list());
      if (!at_end() && !is_metacharacter(peek())) {
        return refuse(ErrorCode::kUnsupported, "has a word joined to a process substitution");
      }
      ShellWord word{.text = {}, .source = text_.substr(source, at_ - source), .is_static = false};
      TRY(add_word(word));
      has_words = true;
      continue;
    }
    if (c == '<' || c == '>' || looking_at("&>")) {
      both_redirected = both_redirected || c == '&';
      TRY(read_redirection());
      continue;
    }
    if (c == '(') {
      if (out_.pending.size() != start + 1 || !has_words || out_.pending.back().quoted)
        return malformed("has a ( out of place");
      ++at_;
      skip_blanks();
      if (peek() != ')') return malformed("has a ( out of place");
      ++at_;
      out_.pending.resize(start);
      return read_function_body();
    }
    if (at_end() || is_metacharacter(c)) break;
    ShellWord word = TRY(read_word(true));
    const bool numbers = !word.quoted && word.is_static && std::ranges::all_of(word.text, is_digit);
    const bool redirects = (peek() == '<' || peek() == '>') && peek(1) != '(';
    if (numbers && redirects) continue;  // the descriptor of a redirection
    if (redirects && word.source.starts_with('{') && word.source.ends_with('}')) {
      return refuse(ErrorCode::kUnsupported, "has a redirection with a named descriptor");
    }
    // For sh, &> ends the command before it and starts another.
    if (both_redirected) return refuse(ErrorCode::kUnsupported, "has words behind &>");
    if (has_words) word.role = ShellRole::kWord;
    if (word.role == ShellRole::kAssignment) mark(kShellAssignment);
    has_words = has_words || word.role == ShellRole::kWord;
    TRY(add_word(word));
  }
  if (out_.pending.size() == start) return malformed("lacks a command");
  return finish_command(start);
}

Status ShellReader::finish_command(std::size_t pending_start) {
  if (out_.commands.size() >= kShellCommandsMax) return refuse(ErrorCode::kTooLarge, "has too many commands");
  ShellCommand command{.first = static_cast<std::uint32_t>(out_.words.size()),
                       .depth = static_cast<std::uint8_t>(depth_ + nesting_)};
  const auto move_role = [&](ShellRole role) {
    std::uint32_t count = 0;
    for (std::size_t i = pending_start; i < out_.pending.size(); ++i) {
      if (out_.pending[i].role != role) continue;
      out_.words.push_back(out_.pending[i]);
      ++count;
    }
    return count;
  };
  command.words = move_role(ShellRole::kWord);
  command.assignments = move_role(ShellRole::kAssignment);
  command.redirections = move_role(ShellRole::kRedirection);
  out_.pending.resize(pending_start);
  out_.commands.push_back(command);
  return {};
}

}  // namespace agentos::canonical
