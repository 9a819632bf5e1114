// Digests and MACs over EVP. Algorithms are fetched once per process and contexts reused per thread, because fetching
// and allocating cost as much as hashing a few hundred octets does.
#include "base/crypto/hash.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace agentos::crypto {
namespace {

// Fetched algorithms are immutable and live as long as the process.
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}

EVP_MAC* hmac_algorithm() {
  static EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  return algorithm;
}

EVP_MD_CTX* new_sha256_context() {
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  CHECK(context != nullptr && EVP_DigestInit_ex2(context, sha256_algorithm(), nullptr) == 1);
  return context;
}

EVP_MAC_CTX* new_hmac_context() {
  EVP_MAC_CTX* const context = EVP_MAC_CTX_new(hmac_algorithm());
  CHECK(context != nullptr);
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                   OSSL_PARAM_construct_end()};
  CHECK(EVP_MAC_CTX_set_params(context, parameters) == 1);
  return context;
}

struct ThreadContexts {
  EVP_MD_CTX* sha256 = new_sha256_context();
  EVP_MAC_CTX* hmac = nullptr;
  ThreadContexts() = default;
  ThreadContexts(const ThreadContexts&) = delete;
  ThreadContexts& operator=(const ThreadContexts&) = delete;
  ~ThreadContexts() {
    EVP_MD_CTX_free(sha256);
    EVP_MAC_CTX_free(hmac);
  }
};

ThreadContexts& contexts() {
  thread_local ThreadContexts of_this_thread;
  return of_this_thread;
}

void update(EVP_MD_CTX* context, std::string_view content) {
  if (!content.empty()) CHECK(EVP_DigestUpdate(context, content.data(), content.size()) == 1);
}

// The context is ready for the next message afterwards; naming no algorithm keeps the one it has.
Digest finish_and_restart(EVP_MD_CTX* context) {
  Digest digest;
  CHECK(EVP_DigestFinal_ex(context, digest.data(), nullptr) == 1);
  CHECK(EVP_DigestInit_ex2(context, nullptr, nullptr) == 1);
  return digest;
}

}  // namespace

Digest sha256(std::string_view content) { return sha256(content, {}); }

Digest sha256(std::string_view first, std::string_view second) {
  EVP_MD_CTX* const context = contexts().sha256;
  update(context, first);
  update(context, second);
  return finish_and_restart(context);
}

Digest hmac_sha256(std::string_view key, std::string_view content) {
  EVP_MAC_CTX*& context = contexts().hmac;
  if (context == nullptr) context = new_hmac_context();
  // A null key would mean the key of the call before.
  const char* const key_octets = key.empty() ? "" : key.data();
  CHECK(EVP_MAC_init(context, reinterpret_cast<const unsigned char*>(key_octets), key.size(), nullptr) == 1);
  if (!content.empty()) {
    CHECK(EVP_MAC_update(context, reinterpret_cast<const unsigned char*>(content.data()), content.size()) == 1);
  }
  Digest digest;
  std::size_t written = 0;
  CHECK(EVP_MAC_final(context, digest.data(), &written, digest.size()) == 1 && written == digest.size());
  return digest;
}

Sha256::Sha256() : context_(new_sha256_context()) {}
Sha256::~Sha256() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_)); }
void Sha256::update(std::string_view content) { crypto::update(static_cast<EVP_MD_CTX*>(context_), content); }
Digest Sha256::finish() { return finish_and_restart(static_cast<EVP_MD_CTX*>(context_)); }

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace agentos::crypto
