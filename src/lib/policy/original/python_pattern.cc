// Writes the tree in RE2's syntax, notes for which texts the two dialects part, and sends those to the automaton.
#include "lib/policy/original/python_pattern.h"

#include "lib/policy/original/code_points.h"

namespace agentos::policy::original {

namespace {

constexpr std::size_t kWrittenOctetsMax = kPatternOctetsMax * 16;
constexpr std::size_t kCompiledOctetsMax = 4 << 20;

struct Written {
  std::string text;
  bool outside_ascii = false;
  bool newlines = false;
  bool empty_text = false;
};

void write_place(Place place, Written& out) {
  switch (place) {
    case Place::kTextBegin:
      out.text += "\\A";
      break;
    case Place::kLineBegin:
      out.text += "(?m:^)";
      break;
    case Place::kTextEnd:
      out.text += "\\z";
      break;
    case Place::kFinalEnd:
      out.newlines = true;
      [[fallthrough]];
    case Place::kLineEnd:
      out.text += "(?m:$)";
      break;
    case Place::kBoundary:
      out.outside_ascii = true;
      [[fallthrough]];
    case Place::kAsciiBoundary:
      out.text += "\\b";
      break;
    case Place::kNotBoundary:
      out.outside_ascii = true;
      [[fallthrough]];
    case Place::kNotAsciiBoundary:
      out.empty_text = true;
      out.text += "\\B";
      break;
  }
}

void write(const Expression& expression, Written& out) {
  switch (expression.kind) {
    case Expression::Kind::kEmpty:
      break;
    case Expression::Kind::kSet:
      // RE2 folds case and negates over all of Unicode as Python does; the classes are what it takes for ASCII's.
      if (expression.set.classes != 0 && !expression.set.ascii_classes) out.outside_ascii = true;
      out.text += to_re2(expression.set);
      break;
    case Expression::Kind::kPlace:
      write_place(expression.place, out);
      break;
    case Expression::Kind::kSequence:
      for (const Expression& part : expression.parts) {
        write(part, out);
        if (out.text.size() > kWrittenOctetsMax) return;  // compile() refuses it by its length
      }
      break;
    case Expression::Kind::kAlternatives:
      out.text += "(?:";
      for (const Expression& part : expression.parts) {
        if (&part != &expression.parts.front()) out.text += '|';
        write(part, out);
      }
      out.text += ')';
      break;
    case Expression::Kind::kRepetition:
      out.text += "(?:";
      write(expression.parts.front(), out);
      out.text += "){" + std::to_string(expression.least) + ",";
      if (expression.most != Expression::kUnbounded) out.text += std::to_string(expression.most);
      out.text += '}';
      break;
  }
}

}  // namespace

Result<PythonPattern> PythonPattern::compile(std::string_view pattern) {
  const Expression expression = TRY(read_expression(pattern));
  Written written;
  write(expression, written);
  auto fast = regex::Pattern::compile(
      written.text, {.expression_octets_max = kWrittenOctetsMax, .program_octets_max = kCompiledOctetsMax});
  if (!fast) {
    return fail(ErrorCode::kTooLarge, "regular expression: too many states or repetitions",
                "split the rule in several");
  }
  std::optional<Automaton> exact;
  if (written.outside_ascii || written.newlines || written.empty_text) exact = TRY(Automaton::compile(expression));
  PythonPattern compiled(std::move(*fast), std::move(exact));
  compiled.differs_outside_ascii_ = written.outside_ascii;
  compiled.differs_with_newlines_ = written.newlines;
  compiled.differs_when_empty_ = written.empty_text;
  return compiled;
}

std::optional<bool> PythonPattern::search(std::string_view text) const {
  const bool apart = (differs_when_empty_ && text.empty()) ||
                     (differs_with_newlines_ && text.substr(0, text.size() - (text.empty() ? 0 : 1)).contains('\n')) ||
                     (differs_outside_ascii_ && !is_ascii(text));
  return apart ? exact_->search(text) : fast_.search(text);
}

}  // namespace agentos::policy::original
