// The keystream over EVP; encrypting zeroes in place yields it.
#include "base/crypto/keystream.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace agentos::crypto {

namespace {
EVP_CIPHER_CTX* context_of(void* context) { return static_cast<EVP_CIPHER_CTX*>(context); }
constexpr std::size_t kBlocksPerCall = 1 << 20;  // keeps the octet count of one call within int
}  // namespace

Keystream::Keystream(std::span<const std::uint8_t, 32> key) : context_(EVP_CIPHER_CTX_new()) {
  CHECK(context_ != nullptr);
  rekey(key);
}

Keystream::~Keystream() { EVP_CIPHER_CTX_free(context_of(context_)); }

void Keystream::rekey(std::span<const std::uint8_t, 32> key) {
  const std::uint8_t zero[16] = {};
  CHECK(EVP_EncryptInit_ex(context_of(context_), EVP_aes_256_ctr(), nullptr, key.data(), zero) == 1);
}

void Keystream::blocks(std::uint64_t first, std::span<KeystreamBlock> out) {
  while (!out.empty()) {
    const auto part = out.first(std::min(out.size(), kBlocksPerCall));
    std::uint8_t counter[16] = {};
    for (int i = 0; i < 8; ++i) counter[15 - i] = static_cast<std::uint8_t>(first >> (8 * i));
    CHECK(EVP_EncryptInit_ex(context_of(context_), nullptr, nullptr, nullptr, counter) == 1);
    std::memset(part.data(), 0, part.size_bytes());
    auto* octets = reinterpret_cast<unsigned char*>(part.data());
    int written = 0;
    CHECK(EVP_EncryptUpdate(context_of(context_), octets, &written, octets, static_cast<int>(part.size_bytes())) == 1);
    CHECK(static_cast<std::size_t>(written) == part.size_bytes());
    first += part.size();
    out = out.subspan(part.size());
  }
}

}  // namespace agentos::crypto
