// What an expression does with large values ends within its budget of steps, and soon.
#include <gtest/gtest.h>

#include <chrono>

#include "lib/policy/cel/program.h"

namespace agentos::cel {
namespace {

constexpr auto kSoon = std::chrono::seconds(1);  // instrumented, on a busy machine

class Texts final : public Activation {
 public:
  Texts(std::string_view a, std::string_view b) : texts_{a, b} {}

 protected:
  Value load(std::uint32_t slot, Scratch&) const override { return Value::string(texts_[slot]); }

 private:
  std::string_view texts_[2];
};

// Of `expression` about the texts a and b; an error when it went beyond its steps.
Value evaluate(const char* expression, std::string_view a, std::string_view b) {
  Environment environment;
  EXPECT_TRUE(environment.add_variable("a", Type::string()));
  EXPECT_TRUE(environment.add_variable("b", Type::string()));
  auto program = compile(expression, environment);
  EXPECT_TRUE(program.has_value()) << expression;
  if (!program) return {};
  static Scratch scratch;
  scratch.set_limits({.steps_max = 100'000, .scratch_bytes_max = 1 << 20});
  scratch.reset();
  const auto start = std::chrono::steady_clock::now();
  const Value value = program->evaluate(Texts(a, b), scratch);
  EXPECT_LT(std::chrono::steady_clock::now() - start, kSoon) << expression;
  return value;
}

TEST(Cost, searching_is_linear_whatever_is_searched_for) {
  const std::string text(400'000, 'a');
  const std::string wanted = std::string(200'000, 'a') + "b";
  EXPECT_FALSE(evaluate("a.contains(b)", text, wanted).as_bool());
  EXPECT_EQ(evaluate("a.indexOf(b)", text, wanted).as_int(), -1);
  EXPECT_EQ(evaluate("a.split(b).size()", text, wanted).as_int(), 1);
  EXPECT_TRUE(evaluate("a.lastIndexOf(b) == -1", text, "b" + wanted).is_error());
  EXPECT_EQ(evaluate("a.lastIndexOf(b)", "abcabc", "bc").as_int(), 4);
  EXPECT_EQ(evaluate("a.lastIndexOf(b)", "abc", "abcd").as_int(), -1);
}

TEST(Cost, what_is_done_with_a_large_text_in_a_loop_is_paid_for) {
  const std::string large(1 << 20, 'x');
  const std::string same = large;
  for (const char* expression :
       {"lists.range(10000).all(i, a == b)", "lists.range(10000).all(i, a.endsWith(b))",
        "lists.range(10000).all(i, a.startsWith(b))", "lists.range(10000).all(i, [a] == [b])",
        "lists.range(10000).all(i, a.trim() != '')", "lists.range(10000).all(i, a.charAt(9) != '')",
        "lists.range(10000).all(i, a.substring(9) != '')",
        "lists.range(5000).map(i, i < 2500 ? a : b).sort().size() > 0"}) {
    EXPECT_TRUE(evaluate(expression, large, same).is_error()) << expression;
  }
  EXPECT_TRUE(evaluate("a == b && a.startsWith(b) && a.endsWith(b)", large, same).is_true());
}

}  // namespace
}  // namespace agentos::cel
