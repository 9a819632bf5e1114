// Any octets as an envelope, and any octets as the payload of an envelope that is signed: one error or a bundle whose
// documents keep to the bounds, never a crash.
#include <cstdint>
#include <cstdlib>

#include "base/json/value.h"
#include "lib/policy/bundle/bundle.h"

using namespace agentos;
using namespace agentos::policy;

namespace {

crypto::SigningKey fuzz_key() {
  std::array<std::byte, 32> seed{};
  return crypto::signing_key_from_seed(seed);
}

std::string signed_envelope(const std::string& payload, const crypto::SigningKey& key) {
  const std::string message = "DSSEv1 " + std::to_string(kBundlePayloadType.size()) + " " +
                              std::string(kBundlePayloadType) + " " + std::to_string(payload.size()) + " " + payload;
  const auto signature = crypto::sign(key, message);
  const std::string octets(signature.begin(), signature.end());
  return json::write(json::Object{{"payload", crypto::base64(payload)},
                                  {"payloadType", kBundlePayloadType},
                                  {"signatures", json::Array{json::Object{{"sig", crypto::base64(octets)}}}}});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const crypto::SigningKey kKey = fuzz_key();
  const std::string text(reinterpret_cast<const char*>(data), size);
  const TrustedKey trusted{"fuzz", kKey.verify_key};
  is_bundle(text);
  if (open_bundle(text, "f", {&trusted, 1})) std::abort();  // nobody signed it
  const auto opened = open_bundle(signed_envelope(text, kKey), "f", {&trusted, 1});
  if (!opened) return 0;
  if (opened->content.revision < 1 || opened->content.documents.empty()) std::abort();
  if (opened->content.documents.size() > kBundleDocumentsMax) std::abort();
  return 0;
}
