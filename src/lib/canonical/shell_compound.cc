// if, while, until, for, select, case, { }, [[ ]] and function: read for the commands within them.
#include "lib/canonical/octets.h"
#include "lib/canonical/shell_reader.h"

namespace agentos::canonical {

Status ShellReader::expect(std::string_view reserved) {
  if (reserved_here() != reserved) return malformed("lacks a reserved word of a compound command");
  at_ += reserved.size();
  return {};
}

Status ShellReader::read_compound(std::string_view reserved) {
  if (reserved == "coproc") return refuse(ErrorCode::kUnsupported, "has coproc");
  mark(kShellCompound);
  Nesting nesting(*this);
  TRY(nesting.check());
  if (reserved == "{") {
    ++at_;
    if (TRY(read_list(ListEnd::kBrace)) == 0) return malformed("has { } without a command");
    TRY(expect("}"));
  } else if (reserved == "if") {
    TRY(read_if());
  } else if (reserved == "while" || reserved == "until") {
    at_ += reserved.size();
    if (TRY(read_list(ListEnd::kDo)) == 0) return malformed("has a loop without a condition");
    TRY(read_loop());
  } else if (reserved == "for" || reserved == "select") {
    at_ += reserved.size();
    TRY(read_for());
  } else if (reserved == "case") {
    TRY(read_case());
  } else if (reserved == "[[") {
    TRY(read_double_bracket());
  } else if (reserved == "function") {
    at_ += reserved.size();
    skip_blanks();
    TRY(read_word(false));
    skip_blanks();
    if (looking_at("()")) at_ += 2;
    return read_function_body();
  } else {
    return malformed("has a reserved word out of place");
  }
  return read_redirections();
}

Status ShellReader::read_if() {
  TRY(expect("if"));
  for (;;) {
    if (TRY(read_list(ListEnd::kThen)) == 0) return malformed("has an if without a condition");
    TRY(expect("then"));
    if (TRY(read_list(ListEnd::kElse)) == 0) return malformed("has a then without a command");
    if (reserved_here() != "elif") break;
    TRY(expect("elif"));
  }
  if (reserved_here() == "else") {
    TRY(expect("else"));
    if (TRY(read_list(ListEnd::kElse)) == 0) return malformed("has an else without a command");
  }
  return expect("fi");
}

Status ShellReader::read_loop() {
  TRY(expect("do"));
  if (TRY(read_list(ListEnd::kDone)) == 0) return malformed("has a loop without a command");
  return expect("done");
}

Status ShellReader::read_for() {
  mark(kShellParameter);  // the loop's variable changes what the body runs
  skip_blanks();
  if (peek() == '(') return refuse(ErrorCode::kUnsupported, "has for ((");
  TRY(read_word(false));
  TRY(skip_newlines());
  if (reserved_here() == "in") {
    TRY(expect("in"));
    for (skip_blanks(); !at_end() && peek() != ';' && peek() != '\n'; skip_blanks()) {
      if (is_metacharacter(peek())) return malformed("has an operator among the words of for");
      TRY(read_word(true));
    }
  }
  if (peek() == ';') ++at_;
  TRY(skip_newlines());
  return read_loop();
}

Status ShellReader::read_case() {
  TRY(expect("case"));
  skip_blanks();
  TRY(read_word(true));
  TRY(skip_newlines());
  TRY(expect("in"));
  for (TRY(skip_newlines()); reserved_here() != "esac"; TRY(skip_newlines())) {
    if (peek() == '(') ++at_;
    for (;;) {
      skip_blanks();
      TRY(read_word(true));
      skip_blanks();
      if (peek() != '|') break;
      ++at_;
    }
    if (peek() != ')') return malformed("has a case pattern without )");
    ++at_;
    TRY(read_list(ListEnd::kCaseItem));
    if (looking_at(";;&")) {
      at_ += 3;
    } else if (looking_at(";;")) {
      at_ += 2;
    }
  }
  return expect("esac");
}

// The words are conditions; what is evaluated within may be arithmetic, so it counts as dynamic.
Status ShellReader::read_double_bracket() {
  mark(kShellArithmetic);
  at_ += 2;
  for (;;) {
    TRY(skip_newlines());
    if (at_end()) return malformed("has an open [[");
    if (reserved_here() == "]]") return expect("]]");
    if (peek() == '(' || peek() == ')' || peek() == '<' || peek() == '>') {
      ++at_;
    } else if (looking_at("&&") || looking_at("||")) {
      at_ += 2;
    } else if (is_metacharacter(peek())) {
      return malformed("has an operator in [[");
    } else {
      TRY(read_word(true));
    }
  }
}

}  // namespace agentos::canonical
