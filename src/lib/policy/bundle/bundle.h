// Signed sets of policy documents: one file with a name, a revision that only grows, the documents, and who signed it.
//
// The file is a DSSE envelope (secure-systems-lab/dsse v1, the envelope of in-toto and Sigstore) with Ed25519
// signatures, so other tools can verify it. Its payload is JSON:
//
//   {"name": "fleet", "revision": 7, "documents": [{"file": "org.yaml", "text": "apiVersion: ..."}, ...]}
//
// Opening one verifies before it reads: what no trusted key signed is never parsed. Pure; no file or clock is asked.
// Whoever keeps the revisions refuses to go back (kernel/policy_bundles.h).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto/hash.h"
#include "base/error.h"
#include "lib/policy/policy.h"

namespace agentos::policy {

inline constexpr std::string_view kBundlePayloadType = "application/vnd.agentos.policy-bundle.v1+json";
inline constexpr std::size_t kBundleBytesMax = 1 << 20;  // of the envelope
inline constexpr std::size_t kBundleDocumentsMax = 256;
inline constexpr std::size_t kBundleSignaturesMax = 16;
inline constexpr std::size_t kBundleNameBytesMax = 64;

struct TrustedKey {
  std::string name;  // for people: the file it came from
  std::array<std::uint8_t, 32> key{};
};

struct BundleContent {
  std::string name;           // letters, digits . _ -
  std::int64_t revision = 0;  // 1 or more
  std::vector<Source> documents;
};

struct Bundle {
  BundleContent content;  // documents are called NAME@REVISION/FILE
  std::string digest;     // "sha256:<hex>" of the payload
  std::string signed_by;  // the trusted key's name
};

// "sha256:<hex>" of a public key; the envelope's keyid. A hint only: every trusted key is tried.
std::string key_id(std::span<const std::uint8_t, 32> key);

// Whether a text is meant as an envelope: a JSON object with a payloadType. Cheap; believes nothing.
bool is_bundle(std::string_view text);

// Verifies, then reads. kNotPermitted when no trusted key signed it, kMalformed when it is not such an envelope.
Result<Bundle> open_bundle(std::string_view text, std::string_view file, std::span<const TrustedKey> trusted);

// The envelope's text. The documents must compile; that is the caller's to check.
Result<std::string> seal_bundle(const BundleContent& content, const crypto::SigningKey& key);

}  // namespace agentos::policy
