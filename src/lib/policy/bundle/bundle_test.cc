// Bundles: what a trusted key signed opens, everything else is refused before it is read.
#include "lib/policy/bundle/bundle.h"

#include <gtest/gtest.h>

#include "base/json/value.h"

namespace agentos::policy {
namespace {

crypto::SigningKey key_of(std::uint8_t seed) {
  std::array<std::byte, 32> octets{};
  octets.fill(std::byte{seed});
  return crypto::signing_key_from_seed(octets);
}

const std::string kDocument =
    "apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n"
    "    - {name: r, syscalls: [read], action: allow}\n";

BundleContent content(std::int64_t revision = 7) { return {"fleet", revision, {{kDocument, "org.yaml"}}}; }

std::string sealed(std::uint8_t seed = 1) { return *seal_bundle(content(), key_of(seed)); }

const std::vector<TrustedKey> kTrusted = {{"other.pub", key_of(2).verify_key}, {"org.pub", key_of(1).verify_key}};

Error refusal_of_bundle(std::string_view text) {
  const auto opened = open_bundle(text, "b.json", kTrusted);
  return opened ? Error{ErrorCode::kInternal, "opened", ""} : opened.error();
}

TEST(Bundle, opens_what_a_trusted_key_signed) {
  const std::string text = sealed();
  EXPECT_TRUE(is_bundle(text));
  EXPECT_FALSE(is_bundle(kDocument));
  EXPECT_FALSE(is_bundle("{\"apiVersion\": \"agentos/v1\"}"));
  const auto opened = open_bundle(text, "b.json", kTrusted);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->content.name, "fleet");
  EXPECT_EQ(opened->content.revision, 7);
  EXPECT_EQ(opened->signed_by, "org.pub");
  ASSERT_EQ(opened->content.documents.size(), 1U);
  EXPECT_EQ(opened->content.documents[0].text, kDocument);
  EXPECT_EQ(opened->content.documents[0].file, "fleet@7/org.yaml");
  EXPECT_EQ(opened->digest.size(), 7U + 64U);
}

TEST(Bundle, refuses_what_no_trusted_key_signed) {
  EXPECT_EQ(refusal_of_bundle(sealed(3)).code, ErrorCode::kNotPermitted);
  EXPECT_EQ(refusal_of_bundle(sealed(3)).message, "b.json: no trusted key signed it");
  EXPECT_FALSE(open_bundle(sealed(), "b.json", {}));
}

TEST(Bundle, refuses_one_changed_octet_of_the_payload_or_signature) {
  auto root = json::parse(sealed());
  ASSERT_TRUE(root);
  const std::string payload = root->find("payload")->as_string();
  const std::string signature(root->find("signatures")->as_array()[0].string_or("sig", ""));
  const auto opens = [](const std::string& some_payload, const std::string& some_signature) {
    const json::Value envelope(json::Object{{"payload", some_payload},
                                            {"payloadType", kBundlePayloadType},
                                            {"signatures", json::Array{json::Object{{"sig", some_signature}}}}});
    return open_bundle(json::write(envelope), "b.json", kTrusted).has_value();
  };
  const auto changed = [](std::string text, std::size_t at) {
    text[at] = text[at] == 'A' ? 'B' : 'A';
    return text;
  };
  ASSERT_TRUE(opens(payload, signature));
  for (std::size_t at = 0; at < payload.size(); at += 7) EXPECT_FALSE(opens(changed(payload, at), signature)) << at;
  for (std::size_t at = 0; at < signature.size(); ++at) EXPECT_FALSE(opens(payload, changed(signature, at))) << at;
}

TEST(Bundle, refuses_envelopes_of_another_type_or_shape) {
  auto root = json::parse(sealed());
  ASSERT_TRUE(root);
  json::Value typed = *root;
  typed.as_object()["payloadType"] = "application/vnd.in-toto+json";
  EXPECT_EQ(refusal_of_bundle(json::write(typed)).code, ErrorCode::kMalformed);
  json::Value more = *root;
  more.as_object()["comment"] = "x";
  EXPECT_EQ(refusal_of_bundle(json::write(more)).message,
            "b.json: a bundle is an object of payload, payloadType and signatures");
  EXPECT_EQ(refusal_of_bundle("[]").code, ErrorCode::kMalformed);
  EXPECT_EQ(refusal_of_bundle("{").code, ErrorCode::kMalformed);
}

TEST(Bundle, refuses_to_seal_what_could_not_be_opened) {
  for (const char* name : {"", "a/b", "a b"}) {
    EXPECT_FALSE(seal_bundle({name, 1, {{kDocument, "f"}}}, key_of(1))) << name;
  }
  EXPECT_FALSE(seal_bundle({"fleet", 0, {{kDocument, "f"}}}, key_of(1)));
  EXPECT_FALSE(seal_bundle({"fleet", 1, {}}, key_of(1)));
  EXPECT_FALSE(seal_bundle({"fleet", 1, {{std::string(kBundleBytesMax, ' '), "f"}}}, key_of(1)));
}

// The key of RFC 8410, section 10.3, and a signature made with OpenSSL's own program: the format is not only ours.
TEST(Bundle, keys_and_signatures_agree_with_openssl) {
  const auto key = crypto::signing_key_from_pem(
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
      "-----END PRIVATE KEY-----\n");
  ASSERT_TRUE(key) << key.error().message;
  const auto verify_key = crypto::verify_key_from_pem(
      "-----BEGIN PUBLIC KEY-----\n"
      "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
      "-----END PUBLIC KEY-----\n");
  ASSERT_TRUE(verify_key) << verify_key.error().message;
  EXPECT_EQ(key->verify_key, *verify_key);
  const std::string payload = R"({"name":"n","revision":1,"documents":[{"file":"f","text":"t"}]})";
  const std::string signature =
      "vqPUT0g9RJocZfErYyhuoeTHm/aLFy9UURdbY1d/S7IBdlvwGdBbkLbVcdEwgDZQ6DNcqX7GLJJNDG9Ro4XLDA==";
  const std::string text =
      json::write(json::Object{{"payload", crypto::base64(payload)},
                               {"payloadType", kBundlePayloadType},
                               {"signatures", json::Array{json::Object{{"keyid", "anything"}, {"sig", signature}}}}});
  const TrustedKey trusted{"openssl.pub", *verify_key};
  const auto opened = open_bundle(text, "b.json", {&trusted, 1});
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->content.documents[0].file, "n@1/f");
  const auto ours = seal_bundle({"n", 1, {{"t", "f"}}}, *key);
  ASSERT_TRUE(ours);
  const auto root = json::parse(*ours);
  ASSERT_TRUE(root);
  EXPECT_EQ(root->find("signatures")->as_array()[0].string_or("sig", ""), signature);
}

TEST(Bundle, keys_that_are_no_ed25519_keys_are_refused) {
  EXPECT_FALSE(crypto::signing_key_from_pem("no key"));
  EXPECT_FALSE(crypto::verify_key_from_pem(""));
  EXPECT_FALSE(crypto::verify_key_from_pem(std::string(crypto::kPemBytesMax + 1, 'x')));
  EXPECT_FALSE(
      crypto::verify_key_from_pem("-----BEGIN PUBLIC KEY-----\n"
                                  "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE6B5VngGMkUOx/V91xfefcAtp5Swh\n"
                                  "RdJzJWjSsunPqpZE9sGc64fK+ehF55bWPLtgV8TLkSLtPozjjsH3YcVdZg==\n"
                                  "-----END PUBLIC KEY-----\n"));
}

}  // namespace
}  // namespace agentos::policy
