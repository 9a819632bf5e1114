// SHA-256, HMAC, Ed25519 and encodings over OpenSSL 3; algorithms are fetched once per process.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace agentos::crypto {

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(std::string_view content);
// SHA-256 of the concatenation; no copy is made. Hot: about 200 ns for 256 octets.
Digest sha256(std::string_view first, std::string_view second);
Digest hmac_sha256(std::string_view key, std::string_view content);

// Incremental; reusable after finish(). One thread at a time.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void update(std::string_view content);
  Digest finish();

 private:
  void* context_;
};

std::string hex(std::string_view octets);
std::string hex(const Digest& digest);
std::string base64(std::string_view octets);             // RFC 4648 section 4, padded
Result<std::string> from_base64(std::string_view text);  // strict: padded, canonical, no white space
std::string base64url(std::string_view octets);          // section 5, unpadded
std::string base64url(const Digest& digest);             // 43 characters
inline std::string_view view(const Digest& d) { return {reinterpret_cast<const char*>(d.data()), d.size()}; }

// Same time whatever differs.
bool equal_constant_time(std::string_view a, std::string_view b);

// Ed25519 (RFC 8032). Keys are raw octets.
struct SigningKey {
  std::array<std::uint8_t, 32> secret{};
  std::array<std::uint8_t, 32> verify_key{};
};
SigningKey signing_key_from_seed(std::span<const std::byte, 32> seed);
std::array<std::uint8_t, 64> sign(const SigningKey& key, std::string_view message);
bool verify(std::span<const std::uint8_t, 32> verify_key, std::string_view message,
            std::span<const std::uint8_t, 64> signature);

// Keys in files: PEM of PKCS #8 without a passphrase, PEM of SubjectPublicKeyInfo (RFC 8410). At most kPemBytesMax.
inline constexpr std::size_t kPemBytesMax = 16 * 1024;
Result<SigningKey> signing_key_from_pem(std::string_view text);
Result<std::array<std::uint8_t, 32>> verify_key_from_pem(std::string_view text);

}  // namespace agentos::crypto
