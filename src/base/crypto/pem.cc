// Keys of Ed25519 as files have them: PEM of PKCS #8 and of SubjectPublicKeyInfo (RFC 8410), as `openssl genpkey` and
// `openssl pkey -pubout` write them.
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

#include "base/crypto/hash.h"

namespace agentos::crypto {
namespace {

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using PemKey = std::unique_ptr<EVP_PKEY, FreeKey>;

// A key that needs a passphrase is refused instead of asking the terminal for it.
int no_passphrase(char*, int, int, void*) { return 0; }

template <class Read>
Result<PemKey> read_pem(std::string_view text, Read read, std::string_view what, std::string_view make) {
  if (text.size() > kPemBytesMax) return fail(ErrorCode::kTooLarge, "a key file has at most 16 KiB");
  const std::unique_ptr<BIO, FreeKey> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  PemKey key(bio == nullptr ? nullptr : read(bio.get()));
  ERR_clear_error();
  if (key == nullptr || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519) {
    return fail(ErrorCode::kMalformed, "it is not " + std::string(what), std::string(make));
  }
  return key;
}

}  // namespace

Result<SigningKey> signing_key_from_pem(std::string_view text) {
  const PemKey pair = TRY(read_pem(
      text, [](BIO* bio) { return PEM_read_bio_PrivateKey(bio, nullptr, no_passphrase, nullptr); },
      "a private Ed25519 key in PEM without a passphrase", "openssl genpkey -algorithm ed25519 -out key.pem"));
  SigningKey key;
  std::size_t secret = key.secret.size(), verify = key.verify_key.size();
  CHECK(EVP_PKEY_get_raw_private_key(pair.get(), key.secret.data(), &secret) == 1 && secret == key.secret.size());
  CHECK(EVP_PKEY_get_raw_public_key(pair.get(), key.verify_key.data(), &verify) == 1 &&
        verify == key.verify_key.size());
  return key;
}

Result<std::array<std::uint8_t, 32>> verify_key_from_pem(std::string_view text) {
  const PemKey pair = TRY(read_pem(
      text, [](BIO* bio) { return PEM_read_bio_PUBKEY(bio, nullptr, no_passphrase, nullptr); },
      "a public Ed25519 key in PEM", "openssl pkey -in key.pem -pubout -out key.pub"));
  std::array<std::uint8_t, 32> key{};
  std::size_t size = key.size();
  CHECK(EVP_PKEY_get_raw_public_key(pair.get(), key.data(), &size) == 1 && size == key.size());
  return key;
}

}  // namespace agentos::crypto
