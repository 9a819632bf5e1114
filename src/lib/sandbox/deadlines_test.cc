// The earliest moment wins, and what is due is handed out once.
#include "lib/sandbox/deadlines.h"

#include <gtest/gtest.h>

namespace agentos::sandbox {
namespace {

Deadlines::Time at(int seconds) { return Deadlines::Time{} + std::chrono::seconds(seconds); }

TEST(Deadlines, the_earliest_of_a_number_counts) {
  Deadlines deadlines;
  EXPECT_FALSE(deadlines.next().has_value());
  deadlines.set(1, at(10));
  deadlines.set(2, at(5));
  deadlines.set(1, at(20));
  EXPECT_EQ(deadlines.next(), at(5));
  deadlines.set(1, at(3));
  EXPECT_EQ(deadlines.next(), at(3));
  EXPECT_TRUE(deadlines.take_due(at(2)).empty());
  EXPECT_EQ(deadlines.take_due(at(5)), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_FALSE(deadlines.next().has_value());
}

TEST(Deadlines, what_is_forgotten_is_not_due) {
  Deadlines deadlines;
  deadlines.set(1, at(1));
  deadlines.set(2, at(1));
  deadlines.forget(1);
  deadlines.forget(3);
  EXPECT_EQ(deadlines.take_due(at(1)), std::vector<std::uint64_t>{2});
}

}  // namespace
}  // namespace agentos::sandbox
