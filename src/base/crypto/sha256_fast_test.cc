// The fast digest is the ordinary digest, for every length around the block borders.
#include "base/crypto/sha256_fast.h"

#include <gtest/gtest.h>

#include <string>

namespace agentos::crypto {
namespace {

TEST(Sha256Fast, equals_the_ordinary_digest_for_every_short_length) {
  std::string text;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(sha256_fast(text), sha256(text)) << text.size();
    text.push_back(static_cast<char>(i * 7));
  }
}

TEST(Sha256Fast, matches_the_published_vector) {
  EXPECT_EQ(hex(sha256_fast("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace agentos::crypto
