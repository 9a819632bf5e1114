// Values, precedence, and the place every error names.
#include "lib/tool/executors/builtin/calculate.h"

#include <string>

#include <gtest/gtest.h>

namespace agentos::tool {
namespace {

double value(std::string_view expression) {
  const auto result = calculate(expression);
  EXPECT_TRUE(result) << expression << ": " << (result ? "" : result.error().message);
  return result ? *result : -12345;
}
std::string error(std::string_view expression) {
  const auto result = calculate(expression);
  return result ? "value " + std::to_string(*result) : result.error().message;
}

TEST(Calculate, precedence_is_that_of_mathematics) {
  EXPECT_EQ(value("1 + 2 * 3"), 7);
  EXPECT_EQ(value("(1 + 2) * 3"), 9);
  EXPECT_EQ(value("10 - 4 - 3"), 3);
  EXPECT_EQ(value("100 / 10 / 5"), 2);
  EXPECT_EQ(value("2 ^ 3 ^ 2"), 512);
  EXPECT_EQ(value("-2 ^ 2"), -4);
  EXPECT_EQ(value("2 ^ -1"), 0.5);
  EXPECT_EQ(value("2 * -3"), -6);
  EXPECT_EQ(value("--1"), 1);
  EXPECT_EQ(value("17 % 5"), 2);
  EXPECT_EQ(value("-7 % 3"), -1);
  EXPECT_EQ(value(" 1.5e3\t+\n.5 "), 1500.5);
}

TEST(Calculate, functions_and_constants) {
  EXPECT_EQ(value("sqrt(16)"), 4);
  EXPECT_EQ(value("abs(-3)"), 3);
  EXPECT_EQ(value("min(3, 1, 2)"), 1);
  EXPECT_EQ(value("max(3, 1 + 9, 2)"), 10);
  EXPECT_EQ(value("round(2.5)"), 3);
  EXPECT_EQ(value("floor(-2.5)"), -3);
  EXPECT_EQ(value("ceil(2.1)"), 3);
  EXPECT_NEAR(value("2 * pi"), 6.283185307, 1e-9);
  EXPECT_NEAR(value("e ^ 2"), 7.389056099, 1e-9);
}

TEST(Calculate, errors_name_their_place) {
  EXPECT_EQ(error("1 / 0"), "at 3: division by zero");
  EXPECT_EQ(error("1 % (2 - 2)"), "at 3: division by zero");
  EXPECT_EQ(error("0 ^ -1"), "at 3: division by zero");
  EXPECT_EQ(error(""), "at 1: the expression ends too early");
  EXPECT_EQ(error("1 +"), "at 4: the expression ends too early");
  EXPECT_EQ(error("1 2"), "at 3: unexpected \"2\"");
  EXPECT_EQ(error("1.2.3"), "at 4: unexpected \".\"");
  EXPECT_EQ(error("(1"), "at 1: \"(\" is never closed");
  EXPECT_EQ(error("1)"), "at 2: unexpected \")\"");
  EXPECT_EQ(error("0x10"), "at 2: unexpected \"x\"");
  EXPECT_EQ(error("sqrt(-1)"), "at 1: a negative number has no square root");
  EXPECT_EQ(error("(-8) ^ 0.5"), "at 6: a negative number has no such power");
  EXPECT_EQ(error("sqrt 4"), "at 6: \"sqrt\" needs \"(\"");
  EXPECT_EQ(error("sqrt(1, 2)"), "at 1: \"sqrt\" takes one number, not 2");
  EXPECT_EQ(error("system(1)"), "at 1: there is no \"system\"; there are sqrt abs min max round floor ceil pi e");
  EXPECT_EQ(error("10 ^ 400"), "at 4: the result is too large");
  EXPECT_EQ(error("1e999"), "at 1: the number is out of range");
  EXPECT_EQ(error("1 + \x01"), "at 5: unexpected character");
}

TEST(Calculate, depth_and_size_are_bounded) {
  EXPECT_EQ(value(std::string(60, '(') + "1" + std::string(60, ')')), 1);
  EXPECT_EQ(error(std::string(2000, '(') + "1"), "at 65: the expression is nested too deeply");
  EXPECT_EQ(error(std::string(2000, '-') + "1"), "at 65: the expression is nested too deeply");
  std::string tower = "1";
  for (int i = 0; i < 1000; ++i) tower += "^1";
  EXPECT_TRUE(error(tower).ends_with("the expression is nested too deeply"));
  std::string sum = "1";
  for (int i = 0; i < 2000; ++i) sum += "+1";
  EXPECT_EQ(value(sum), 2001);
  EXPECT_EQ(error(std::string(kExpressionBytesMax + 1, ' ')), "the expression has 4097 octets");
}

}  // namespace
}  // namespace agentos::tool
