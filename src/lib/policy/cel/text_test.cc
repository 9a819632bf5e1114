// Counting code points, whatever the length and wherever the long ones lie.
#include "lib/policy/cel/text.h"

#include <gtest/gtest.h>

namespace agentos::cel {
namespace {

TEST(CelText, code_points_are_counted_as_one_by_one) {
  constexpr std::uint32_t kOfEachLength[] = {'a', 0xE9, 0x20AC, 0x1F600};
  std::string text;
  std::uint32_t state = 1;
  for (std::size_t count = 0; count < 700; ++count) {
    ASSERT_EQ(count_code_points(text), count) << "of " << text.size() << " octets";
    state = state * 1'664'525 + 1'013'904'223;
    append_utf8(text, kOfEachLength[state >> 30]);
  }
}

TEST(CelText, octets_that_continue_nothing_are_no_code_points) {
  const std::string text(1'000, '\x80');
  EXPECT_EQ(count_code_points(text), 0u);
  EXPECT_EQ(count_code_points(text + "a"), 1u);
}

}  // namespace
}  // namespace agentos::cel
