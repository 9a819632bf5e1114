// A recursive-descent evaluator; every nested level is counted against one bound, and every value is checked to be
// finite where it arises, so that an error names its own place.
#include "lib/tool/executors/builtin/calculate.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>
#include <string>

#include <fmt/format.h>

namespace agentos::tool {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

class Evaluator {
 public:
  explicit Evaluator(std::string_view text) : text_(text) {}

  Result<double> evaluate() {
    const double value = TRY(sum());
    skip_space();
    if (at_ < text_.size()) return refuse(at_, unexpected());
    return value;
  }

 private:
  // Counts one nested level for as long as it lives.
  struct Level {
    explicit Level(int& depth) : depth(depth) { ++depth; }
    ~Level() { --depth; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    int& depth;
  };

  static std::unexpected<Error> refuse(std::size_t at, std::string_view what) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("at {}: {}", at + 1, what));
  }
  static Result<double> finite(double value, std::size_t at) {
    if (!std::isfinite(value)) return refuse(at, "the result is too large");
    return value;
  }
  std::string unexpected() const {
    if (at_ >= text_.size()) return "the expression ends too early";
    const char c = text_[at_];
    if (c < 0x20 || c > 0x7e) return "unexpected character";
    return fmt::format("unexpected \"{}\"", c);
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }
  // The next character when it is one of `wanted`, which it then passes; else NUL.
  char take(std::string_view wanted) {
    skip_space();
    if (at_ >= text_.size() || wanted.find(text_[at_]) == std::string_view::npos) return '\0';
    return text_[at_++];
  }

  Result<double> sum();
  Result<double> product();
  Result<double> sign();
  Result<double> power();
  Result<double> primary();
  Result<double> number();
  Result<double> name();
  Result<double> call(std::string_view function, std::size_t at);

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

Result<double> Evaluator::sum() {
  double value = TRY(product());
  while (const char op = take("+-")) {
    const std::size_t at = at_ - 1;
    const double right = TRY(product());
    value = TRY(finite(op == '+' ? value + right : value - right, at));
  }
  return value;
}

Result<double> Evaluator::product() {
  double value = TRY(sign());
  while (const char op = take("*/%")) {
    const std::size_t at = at_ - 1;
    const double right = TRY(sign());
    if (op != '*' && right == 0) return refuse(at, "division by zero");
    const double result = op == '*' ? value * right : op == '/' ? value / right : std::fmod(value, right);
    value = TRY(finite(result, at));
  }
  return value;
}

Result<double> Evaluator::sign() {
  const Level level(depth_);
  if (depth_ > kExpressionDepthMax) return refuse(at_, "the expression is nested too deeply");
  const char op = take("+-");
  if (op == '\0') return power();
  const double value = TRY(sign());
  return op == '-' ? -value : value;
}

Result<double> Evaluator::power() {
  const double base = TRY(primary());
  if (take("^") == '\0') return base;
  const std::size_t at = at_ - 1;
  const double exponent = TRY(sign());
  if (base == 0 && exponent < 0) return refuse(at, "division by zero");
  const double value = std::pow(base, exponent);
  if (std::isnan(value)) return refuse(at, "a negative number has no such power");
  return finite(value, at);
}

Result<double> Evaluator::primary() {
  skip_space();
  if (at_ >= text_.size()) return refuse(at_, unexpected());
  const char c = text_[at_];
  if (is_digit(c) || c == '.') return number();
  if (is_name_letter(c)) return name();
  if (take("(") == '\0') return refuse(at_, unexpected());
  const std::size_t open = at_ - 1;
  const double value = TRY(sum());
  if (take(")") == '\0') return at_ < text_.size() ? refuse(at_, unexpected()) : refuse(open, "\"(\" is never closed");
  return value;
}

Result<double> Evaluator::number() {
  double value = 0;
  const char* first = text_.data() + at_;
  const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), value);
  if (error == std::errc::result_out_of_range) return refuse(at_, "the number is out of range");
  if (error != std::errc()) return refuse(at_, unexpected());
  at_ += static_cast<std::size_t>(end - first);
  return value;
}

Result<double> Evaluator::name() {
  const std::size_t start = at_;
  while (at_ < text_.size() && (is_name_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
  const std::string_view word = text_.substr(start, at_ - start);
  if (word == "pi") return std::numbers::pi;
  if (word == "e") return std::numbers::e;
  return call(word, start);
}

Result<double> Evaluator::call(std::string_view function, std::size_t at) {
  constexpr std::string_view kFunctions[] = {"sqrt", "abs", "min", "max", "round", "floor", "ceil"};
  if (std::ranges::find(kFunctions, function) == std::ranges::end(kFunctions)) {
    return refuse(at, fmt::format("there is no \"{}\"; there are sqrt abs min max round floor ceil pi e",
                                  function.substr(0, 32)));
  }
  if (take("(") == '\0') return refuse(at_, fmt::format("\"{}\" needs \"(\"", function));
  const double first = TRY(sum());
  double smallest = first;
  double largest = first;
  std::size_t count = 1;
  for (; take(",") != '\0'; ++count) {
    const double next = TRY(sum());
    smallest = std::min(smallest, next);
    largest = std::max(largest, next);
  }
  if (take(")") == '\0') return refuse(at_, unexpected());
  if (function == "min") return smallest;
  if (function == "max") return largest;
  if (count != 1) return refuse(at, fmt::format("\"{}\" takes one number, not {}", function, count));
  if (function == "abs") return std::fabs(first);
  if (function == "round") return std::round(first);
  if (function == "floor") return std::floor(first);
  if (function == "ceil") return std::ceil(first);
  if (first < 0) return refuse(at, "a negative number has no square root");
  return std::sqrt(first);
}

}  // namespace

Result<double> calculate(std::string_view expression) {
  if (expression.size() > kExpressionBytesMax) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("the expression has {} octets", expression.size()),
                fmt::format("it has at most {}", kExpressionBytesMax));
  }
  return Evaluator(expression).evaluate();
}

}  // namespace agentos::tool
