// The keystream is AES-256-CTR and can be read from any block.
#include "base/crypto/keystream.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/crypto/hash.h"

namespace agentos::crypto {
namespace {

TEST(Keystream, block_zero_is_aes_256_of_the_zero_block) {
  const std::array<std::uint8_t, 32> key{};
  Keystream stream(key);
  std::array<KeystreamBlock, 1> out{};
  stream.blocks(0, out);
  // NIST AESAVS: AES-256 with a zero key and a zero block.
  EXPECT_EQ(hex(std::string_view(reinterpret_cast<const char*>(out[0].data()), 16)),
            "dc95c078a2408989ad48a21492842087");
}

TEST(Keystream, any_range_equals_the_same_part_of_a_longer_range) {
  std::array<std::uint8_t, 32> key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(i);
  Keystream stream(key);
  std::vector<KeystreamBlock> all(600);
  stream.blocks(0, all);
  for (std::uint64_t first : {1u, 255u, 256u, 257u}) {
    std::vector<KeystreamBlock> part(40);
    stream.blocks(first, part);
    for (std::size_t i = 0; i < part.size(); ++i) EXPECT_EQ(part[i], all[first + i]);
  }
  key[0] ^= 1;
  stream.rekey(key);
  std::vector<KeystreamBlock> other(1);
  stream.blocks(0, other);
  EXPECT_NE(other[0], all[0]);
}

}  // namespace
}  // namespace agentos::crypto
