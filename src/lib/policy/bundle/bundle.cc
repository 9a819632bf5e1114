// Envelope, signature, payload: in this order.
#include "lib/policy/bundle/bundle.h"

#include <algorithm>

#include "base/json/value.h"

namespace agentos::policy {
namespace {

constexpr std::string_view kRemedy = "agentos policy sign --key key.pem --name NAME --revision N FILES makes one";

std::unexpected<Error> malformed(std::string_view file, std::string_view what) {
  return fail(ErrorCode::kMalformed, std::string(file) + ": " + std::string(what), std::string(kRemedy));
}

// What is signed: DSSE's pre-authentication encoding, which binds the type and both lengths.
std::string encoding_before_signing(std::string_view type, std::string_view payload) {
  std::string out = "DSSEv1 ";
  out.append(std::to_string(type.size())).append(" ").append(type).append(" ");
  return out.append(std::to_string(payload.size())).append(" ").append(payload);
}

// The members `names` and no other, each of them there.
bool has_exactly(const json::Value& value, std::initializer_list<std::string_view> names) {
  if (!value.is_object() || value.as_object().size() != names.size()) return false;
  return std::ranges::all_of(names, [&](std::string_view name) { return value.find(name) != nullptr; });
}

const TrustedKey* signer_of(const json::Array& signatures, std::string_view message,
                            std::span<const TrustedKey> trusted) {
  for (const json::Value& entry : signatures) {
    const json::Value* text = entry.find("sig");
    if (text == nullptr || !text->is_string()) continue;
    const auto octets = crypto::from_base64(text->as_string());
    if (!octets || octets->size() != 64) continue;
    std::array<std::uint8_t, 64> signature{};
    std::ranges::transform(*octets, signature.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
    for (const TrustedKey& key : trusted) {
      if (crypto::verify(key.key, message, signature)) return &key;
    }
  }
  return nullptr;
}

Status check_content(const BundleContent& content, std::string_view file) {
  const auto is_name_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  if (content.name.empty() || content.name.size() > kBundleNameBytesMax ||
      !std::ranges::all_of(content.name, is_name_letter)) {
    return malformed(file, "the name of a bundle is 1 to 64 letters, digits, dots, underscores and hyphens");
  }
  if (content.revision < 1) return malformed(file, "the revision of a bundle is 1 or more");
  if (content.documents.empty() || content.documents.size() > kBundleDocumentsMax) {
    return malformed(file, "a bundle has 1 to " + std::to_string(kBundleDocumentsMax) + " documents");
  }
  return {};
}

Result<BundleContent> read_payload(std::string_view payload, std::string_view file) {
  const auto root = json::parse(payload, {.bytes_max = kBundleBytesMax});
  if (!root) return malformed(file, "the payload: " + root.error().message);
  if (!has_exactly(*root, {"name", "revision", "documents"}) || !root->find("name")->is_string() ||
      !root->find("revision")->is_int() || !root->find("documents")->is_array()) {
    return malformed(file, "the payload is an object of name, revision and documents");
  }
  BundleContent content;
  content.name = root->find("name")->as_string();
  content.revision = root->find("revision")->as_int();
  for (const json::Value& document : root->find("documents")->as_array()) {
    if (!has_exactly(document, {"file", "text"}) || !document.find("file")->is_string() ||
        !document.find("text")->is_string()) {
      return malformed(file, "a document of the payload is an object of file and text");
    }
    content.documents.push_back({document.find("text")->as_string(), document.find("file")->as_string()});
  }
  TRY(check_content(content, file));
  const std::string prefix = content.name + "@" + std::to_string(content.revision) + "/";
  for (Source& source : content.documents) source.file.insert(0, prefix);
  return content;
}

}  // namespace

std::string key_id(std::span<const std::uint8_t, 32> key) {
  return "sha256:" + crypto::hex(crypto::sha256({reinterpret_cast<const char*>(key.data()), key.size()}));
}

bool is_bundle(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos || text[start] != '{') return false;
  const auto root = json::parse(text, {.bytes_max = kBundleBytesMax});
  return root && root->is_object() && root->find("payloadType") != nullptr;
}

Result<Bundle> open_bundle(std::string_view text, std::string_view file, std::span<const TrustedKey> trusted) {
  const auto root = json::parse(text, {.bytes_max = kBundleBytesMax});
  if (!root) return malformed(file, root.error().message);
  if (!has_exactly(*root, {"payload", "payloadType", "signatures"}) || !root->find("payload")->is_string() ||
      !root->find("payloadType")->is_string() || !root->find("signatures")->is_array()) {
    return malformed(file, "a bundle is an object of payload, payloadType and signatures");
  }
  const std::string& type = root->find("payloadType")->as_string();
  if (type != kBundlePayloadType) {
    return malformed(file, "its payloadType is not " + std::string(kBundlePayloadType));
  }
  const json::Array& signatures = root->find("signatures")->as_array();
  if (signatures.size() > kBundleSignaturesMax) return malformed(file, "a bundle has at most 16 signatures");
  const auto payload = crypto::from_base64(root->find("payload")->as_string());
  if (!payload) return malformed(file, "the payload is not base64: " + payload.error().message);
  const TrustedKey* signer = signer_of(signatures, encoding_before_signing(type, *payload), trusted);
  if (signer == nullptr) {
    return fail(ErrorCode::kNotPermitted, std::string(file) + ": no trusted key signed it",
                trusted.empty() ? "name the signer's public key with --policy-key"
                                : "it was changed, or signed by a key that --policy-key does not name");
  }
  Bundle bundle;
  bundle.content = TRY(read_payload(*payload, file));
  bundle.digest = "sha256:" + crypto::hex(crypto::sha256(*payload));
  bundle.signed_by = signer->name;
  return bundle;
}

Result<std::string> seal_bundle(const BundleContent& content, const crypto::SigningKey& key) {
  TRY(check_content(content, content.name));
  json::Array documents;
  for (const Source& source : content.documents) {
    documents.push_back(json::Object{{"file", source.file}, {"text", source.text}});
  }
  const std::string payload = json::write(
      json::Object{{"name", content.name}, {"revision", content.revision}, {"documents", std::move(documents)}});
  const auto signature = crypto::sign(key, encoding_before_signing(kBundlePayloadType, payload));
  const std::string_view octets(reinterpret_cast<const char*>(signature.data()), signature.size());
  json::Array signatures;
  signatures.push_back(json::Object{{"keyid", key_id(key.verify_key)}, {"sig", crypto::base64(octets)}});
  std::string text = json::write(json::Object{{"payload", crypto::base64(payload)},
                                              {"payloadType", kBundlePayloadType},
                                              {"signatures", std::move(signatures)}}) +
                     "\n";
  if (text.size() > kBundleBytesMax) {
    return fail(ErrorCode::kTooLarge, "the bundle would have more than 1 MiB", "split it into several by name");
  }
  return text;
}

}  // namespace agentos::policy
