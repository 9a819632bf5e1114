// Ed25519 over EVP_PKEY raw keys.
#include <openssl/evp.h>

#include <memory>

#include "base/crypto/hash.h"

namespace agentos::crypto {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Context = std::unique_ptr<EVP_MD_CTX, Free>;

const unsigned char* octets_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

SigningKey signing_key_from_seed(std::span<const std::byte, 32> seed) {
  SigningKey key;
  for (std::size_t i = 0; i < key.secret.size(); ++i) key.secret[i] = std::to_integer<std::uint8_t>(seed[i]);
  const Key pair(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, key.secret.data(), key.secret.size()));
  CHECK(pair != nullptr);
  std::size_t size = key.verify_key.size();
  CHECK(EVP_PKEY_get_raw_public_key(pair.get(), key.verify_key.data(), &size) == 1 && size == key.verify_key.size());
  return key;
}

std::array<std::uint8_t, 64> sign(const SigningKey& key, std::string_view message) {
  const Key pair(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, key.secret.data(), key.secret.size()));
  const Context context(EVP_MD_CTX_new());
  CHECK(pair != nullptr && context != nullptr);
  CHECK(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, pair.get()) == 1);
  std::array<std::uint8_t, 64> signature{};
  std::size_t size = signature.size();
  CHECK(EVP_DigestSign(context.get(), signature.data(), &size, octets_of(message), message.size()) == 1);
  CHECK(size == signature.size());
  return signature;
}

bool verify(std::span<const std::uint8_t, 32> verify_key, std::string_view message,
            std::span<const std::uint8_t, 64> signature) {
  const Key key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, verify_key.data(), verify_key.size()));
  const Context context(EVP_MD_CTX_new());
  if (key == nullptr || context == nullptr) return false;
  if (EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1) return false;
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), octets_of(message), message.size()) == 1;
}

}  // namespace agentos::crypto
