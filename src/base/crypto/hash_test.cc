// SHA-256 (FIPS 180-4 examples), HMAC (RFC 4231) and Ed25519 (RFC 8032) vectors, and contexts that are reused.
#include "base/crypto/hash.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace agentos::crypto {
namespace {

std::string octets(std::string_view digits) {
  std::string out;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
  }
  return out;
}

template <std::size_t size>
std::array<std::uint8_t, size> array_of(std::string_view text) {
  std::array<std::uint8_t, size> out{};
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(text.at(i));
  return out;
}

TEST(Sha256, matches_the_standard) {
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex(sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, of_two_parts_is_of_their_concatenation) {
  const std::string text(300, 'x');
  for (std::size_t cut : {0, 1, 63, 64, 65, 299, 300}) {
    EXPECT_EQ(sha256(text.substr(0, cut), text.substr(cut)), sha256(text)) << cut;
  }
}

TEST(Sha256, incremental_is_reusable_after_finish) {
  Sha256 hash;
  for (int round = 0; round < 3; ++round) {
    hash.update("a");
    hash.update("");
    hash.update("bc");
    EXPECT_EQ(hash.finish(), sha256("abc"));
  }
  EXPECT_EQ(hash.finish(), sha256(""));
}

TEST(Sha256, threads_do_not_disturb_each_other) {
  std::vector<std::thread> threads;
  std::array<bool, 4> right{};
  for (std::size_t t = 0; t < right.size(); ++t) {
    threads.emplace_back([&right, t] {
      Sha256 own;
      bool all = true;
      for (int i = 0; i < 500; ++i) {
        const std::string text(t * 100 + 7, static_cast<char>('a' + t));
        own.update(text);
        all = all && sha256(text) == own.finish();
      }
      right[t] = all;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (bool all : right) EXPECT_TRUE(all);
}

TEST(Hmac, matches_rfc_4231) {
  EXPECT_EQ(hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex(hmac_sha256(std::string(20, '\xaa'), std::string(50, '\xdd'))),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  EXPECT_EQ(hex(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Hmac, an_empty_key_is_a_key_and_not_the_one_before) {
  const Digest empty = hmac_sha256("", "");
  EXPECT_EQ(hex(empty), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
  EXPECT_NE(hmac_sha256("other", ""), empty);
  EXPECT_EQ(hmac_sha256({}, {}), empty);
}

struct Vector {
  const char* seed;
  const char* verify_key;
  const char* message;
  const char* signature;
};
constexpr Vector kRfc8032[] = {{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39"
                                "701cf9b46bd25bf5f0595bbe246551"
                                "41438e7a100b"},
                               {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f36"
                                "13d0f11d8c387b2eaeb4302aeeb00d"
                                "291612bb0c00"},
                               {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
                                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7"
                                "60984dc6594a7c15e9716ed28dc027"
                                "beceea1ec40a"}};

TEST(Ed25519, matches_rfc_8032) {
  for (const Vector& vector : kRfc8032) {
    const std::string seed = octets(vector.seed);
    const SigningKey key = signing_key_from_seed(std::as_bytes(std::span<const char, 32>(seed.data(), 32)));
    EXPECT_EQ(key.verify_key, array_of<32>(octets(vector.verify_key)));
    const auto signature = sign(key, octets(vector.message));
    EXPECT_EQ(signature, array_of<64>(octets(vector.signature)));
    EXPECT_TRUE(verify(key.verify_key, octets(vector.message), signature));
  }
}

TEST(Ed25519, refuses_anything_changed) {
  const std::array<std::byte, 32> seed{std::byte{7}};
  const SigningKey key = signing_key_from_seed(seed);
  const auto signature = sign(key, "message");
  EXPECT_TRUE(verify(key.verify_key, "message", signature));
  EXPECT_FALSE(verify(key.verify_key, "Message", signature));
  for (std::size_t i = 0; i < signature.size(); ++i) {
    auto changed = signature;
    changed[i] ^= 1;
    EXPECT_FALSE(verify(key.verify_key, "message", changed)) << i;
  }
  auto other = key.verify_key;
  other[0] ^= 1;
  EXPECT_FALSE(verify(other, "message", signature));
  std::array<std::uint8_t, 32> zero{};
  EXPECT_FALSE(verify(zero, "message", signature));
}

TEST(EqualConstantTime, compares_content_and_length) {
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_TRUE(equal_constant_time("same", "same"));
  EXPECT_FALSE(equal_constant_time("same", "sane"));
  EXPECT_FALSE(equal_constant_time("same", "sam"));
}

}  // namespace
}  // namespace agentos::crypto
