// Turns what RE2 refuses into one sentence: what, at which octet, and how to say it otherwise.
#include "base/regex/engine.h"

namespace agentos::regex {

namespace {

std::string what_of(const RE2& refused) {
  const std::string& piece = refused.error_arg();
  switch (refused.error_code()) {
    case RE2::ErrorBadEscape:
      return "unknown escape";
    case RE2::ErrorBadCharClass:
      return "unknown character class";
    case RE2::ErrorBadCharRange:
      return "a character range that runs backwards";
    case RE2::ErrorMissingBracket:
      return "a missing closing ]";
    case RE2::ErrorMissingParen:
      return "a missing closing )";
    case RE2::ErrorUnexpectedParen:
      return "an unexpected )";
    case RE2::ErrorTrailingBackslash:
      return "a backslash at the end";
    case RE2::ErrorRepeatArgument:
      return "a repetition of nothing";
    case RE2::ErrorRepeatSize:
      return "a repetition too large";
    case RE2::ErrorRepeatOp:
      return "a repetition of a repetition";
    case RE2::ErrorBadPerlOp:
      return "an unknown group";
    case RE2::ErrorBadUTF8:
      return "text that is not UTF-8";
    case RE2::ErrorBadNamedCapture:
      return piece.starts_with("(?P<") ? "a bad group name" : "an unknown group";
    case RE2::ErrorPatternTooLarge:
      return "too many states";
    default:
      return refused.error();
  }
}

std::string hint_of(const RE2& refused) {
  switch (refused.error_code()) {
    case RE2::ErrorBadEscape:
      return "back-references such as \\1 do not exist here; a literal backslash is written \\\\";
    case RE2::ErrorBadPerlOp:
    case RE2::ErrorBadNamedCapture:
    case RE2::ErrorRepeatArgument:
      return "look-around and back-references do not exist here; write the alternatives out";
    case RE2::ErrorMissingParen:
    case RE2::ErrorUnexpectedParen:
      return "close every ( once; a literal parenthesis is written \\( or \\)";
    case RE2::ErrorMissingBracket:
      return "close the class with ]; a literal bracket is written \\[";
    case RE2::ErrorRepeatSize:
      return "repeat at most 1000 times";
    case RE2::ErrorRepeatOp:
      return "group before repeating again: (?:a*)*";
    case RE2::ErrorPatternTooLarge:
      return "write fewer or smaller counted repetitions";
    case RE2::ErrorTrailingBackslash:
      return "a literal backslash is written \\\\";
    default:
      return "";
  }
}

}  // namespace

RE2::Options engine_options(const Options& options, std::size_t memory_octets_max) {
  RE2::Options out;
  out.set_log_errors(false);
  out.set_never_capture(true);
  out.set_case_sensitive(options.letters == Case::kSensitive);
  out.set_dot_nl(options.dot == Dot::kMatchesNewline);
  out.set_max_mem(static_cast<std::int64_t>(memory_octets_max));
  return out;
}

Status check_length(std::string_view expression, const Options& options) {
  if (expression.size() <= options.expression_octets_max) return {};
  return fail(ErrorCode::kTooLarge,
              "a regular expression of " + std::to_string(expression.size()) + " octets; it may have " +
                  std::to_string(options.expression_octets_max),
              "split it into several");
}

std::unexpected<Error> fail_refused(const RE2& refused) {
  const std::string& piece = refused.error_arg();
  const std::size_t at = piece.empty() ? std::string::npos : refused.pattern().find(piece);
  std::string message = "unsupported regular expression: " + what_of(refused);
  // RE2 names the whole expression when it cannot say which part is wrong.
  if (at != std::string::npos && piece != refused.pattern()) {
    message += " at octet " + std::to_string(at + 1);
  }
  if (!piece.empty() && refused.error_code() != RE2::ErrorBadUTF8) message += " (" + piece + ")";
  const ErrorCode code =
      refused.error_code() == RE2::ErrorPatternTooLarge ? ErrorCode::kTooLarge : ErrorCode::kMalformed;
  return fail(code, std::move(message), hint_of(refused));
}

}  // namespace agentos::regex
