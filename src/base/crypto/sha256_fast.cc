// OpenSSL's low-level SHA-256. It is deprecated in favour of EVP but has no per-call set-up cost; the digest is the
// same, which sha256_fast_test.cc checks.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/crypto/sha256_fast.h"

#include <openssl/sha.h>

namespace agentos::crypto {

Digest sha256_fast(std::string_view content) {
  SHA256_CTX context;
  Digest digest;
  SHA256_Init(&context);
  SHA256_Update(&context, content.data(), content.size());
  SHA256_Final(digest.data(), &context);
  return digest;
}

}  // namespace agentos::crypto
