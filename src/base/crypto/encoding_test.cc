// RFC 4648 vectors, and that decoding takes nothing encoding would not have produced.
#include <gtest/gtest.h>

#include "base/crypto/hash.h"

namespace agentos::crypto {
namespace {

TEST(Hex, is_lower_case_and_two_digits_an_octet) {
  EXPECT_EQ(hex(std::string_view("\x00\x0f\xa0\xff", 4)), "000fa0ff");
  EXPECT_EQ(hex(std::string_view()), "");
}

TEST(Base64, matches_rfc_4648) {
  const std::pair<const char*, const char*> table[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : table) {
    EXPECT_EQ(base64(plain), encoded);
    const auto decoded = from_base64(encoded);
    ASSERT_TRUE(decoded.has_value()) << encoded;
    EXPECT_EQ(*decoded, plain);
    std::string bare = encoded;
    while (bare.ends_with('=')) bare.pop_back();
    EXPECT_EQ(base64url(plain), bare);
  }
  EXPECT_EQ(base64("\xfb\xff\xfe"), "+//+");
  EXPECT_EQ(base64url("\xfb\xff\xfe"), "-__-");
  EXPECT_EQ(base64url(Digest{}).size(), 43u);
}

TEST(Base64, round_trips_every_octet_at_every_length) {
  std::string all;
  for (int i = 0; i < 256; ++i) {
    all += static_cast<char>(i * 167);
    const auto decoded = from_base64(base64(all));
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(*decoded, all);
  }
}

TEST(Base64, refuses_what_is_not_canonical) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zm8", "====", "=", "Z===", "Zg==Zg==", "Zh==", "Zm9=", "Zm 9", "Zm9v\n",
                           "-__-", "Zm9v====", "Z=g="}) {
    const auto decoded = from_base64(text);
    ASSERT_FALSE(decoded.has_value()) << text;
    EXPECT_EQ(decoded.error().code, ErrorCode::kMalformed);
  }
  EXPECT_FALSE(from_base64(std::string_view("Zm\09", 4)).has_value());
}

}  // namespace
}  // namespace agentos::crypto
