// Both digests are the ordinary ones, whichever of the two messages is the longer, for all lengths around the block
// borders.
#include "base/crypto/sha256_pair.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace agentos::crypto {
namespace {

TEST(Sha256Pair, equals_the_ordinary_digests_for_every_two_short_lengths) {
  std::string text;
  for (int i = 0; i < 400; ++i) text.push_back(static_cast<char>(i * 7 + i / 13));
  for (std::size_t one = 0; one < 200; ++one) {
    for (std::size_t two = one % 3; two < 390; two += 1 + one % 5) {
      const std::string_view first(text.data(), one), second(text.data() + 1, two);
      const auto both = sha256_pair(first, second);
      ASSERT_EQ(both[0], sha256(first)) << one << " " << two;
      ASSERT_EQ(both[1], sha256(second)) << one << " " << two;
    }
  }
}

TEST(Sha256Pair, matches_the_published_vectors) {
  const auto both = sha256_pair("abc", std::string(1'000'000, 'a'));
  EXPECT_EQ(hex(both[0]), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(both[1]), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Pair, is_joint_where_the_processor_says_that_it_can) {
  bool sha = false;
  std::ifstream processors("/proc/cpuinfo");
  for (std::string line; std::getline(processors, line) && !sha;) {
    sha = line.starts_with("flags") && line.find(" sha_ni") != line.npos;
  }
  EXPECT_EQ(sha256_pair_is_joint(), sha);
}

}  // namespace
}  // namespace agentos::crypto
