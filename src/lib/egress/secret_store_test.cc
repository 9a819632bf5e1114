// Secrets come from where the document says, are never in a message, and are refused where others could read them.
#include "lib/egress/secret_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace agentos::egress {
namespace {

constexpr std::string_view kDocument = R"(apiVersion: agentos/v1
kind: Secrets
secrets:
  - {name: key, environment: API_KEY}
routes:
  - {name: api.internal, to: "https://api.example.com", secret: key, header: Authorization, prefix: "Bearer "}
  - {name: plain.internal, to: "http://plain.example.com:8080"}
)";

const char* variable(const char* name) { return std::string_view(name) == "API_KEY" ? "s3cret" : nullptr; }

TEST(SecretsDocument, says_where_secrets_are_and_where_they_go) {
  const auto document = parse_secrets(kDocument, "s.yaml");
  ASSERT_TRUE(document.has_value()) << document.error().message;
  EXPECT_EQ(document->secrets[0].source, SecretSource::kEnvironment);
  ASSERT_EQ(document->routes.size(), 2U);
  EXPECT_EQ(document->routes[0].host, "api.example.com");
  EXPECT_EQ(document->routes[0].port, 443);
  EXPECT_EQ(document->routes[0].placement, Placement::kHeader);
  EXPECT_FALSE(document->routes[1].tls);
  const auto store = SecretStore::load(document->secrets, {.credentials_directory = {}, .variable = variable});
  ASSERT_TRUE(store.has_value()) << store.error().message;
  EXPECT_EQ(*(*store)->value("key"), "s3cret");
  EXPECT_FALSE((*store)->value("other").has_value());
}

TEST(SecretsDocument, what_is_written_is_read_again) {
  SecretsDocument document = *parse_secrets(kDocument, "s.yaml");
  document.secrets.push_back({"file", SecretSource::kFile, "/etc/a \"quoted\" key"});
  document.routes.push_back({.name = "six.internal",
                             .host = "2001:db8::1",
                             .port = 8443,
                             .secret = "file",
                             .placement = Placement::kBasic,
                             .key = "user",
                             .prefix = {}});
  document.routes.push_back({.name = "q.internal",
                             .host = "q.example",
                             .secret = "key",
                             .placement = Placement::kQuery,
                             .key = "k",
                             .prefix = {}});
  const std::string text = write_secrets(document);
  const auto again = parse_secrets(text, "s.json");
  ASSERT_TRUE(again.has_value()) << again.error().message << text;
  EXPECT_EQ(write_secrets(*again), text);
  EXPECT_EQ(again->secrets[1].place, document.secrets[1].place);
  ASSERT_EQ(again->routes.size(), 4U);
  EXPECT_EQ(again->routes[0].prefix, "Bearer ");
  EXPECT_EQ(again->routes[2].host, "2001:db8::1");
  EXPECT_EQ(again->routes[2].port, 8443);
}

TEST(SecretsDocument, names_of_secrets_are_plain_words) {
  for (const char* good : {"a", "openai", "A_b-c.d", "0"}) EXPECT_TRUE(is_secret_name(good)) << good;
  for (const char* bad : {"", ".hidden", "../x", "a/b", "a b", "-x", "\xc3\xa9"}) EXPECT_FALSE(is_secret_name(bad));
  EXPECT_FALSE(is_secret_name(std::string(kSecretNameBytesMax + 1, 'a')));
}

TEST(SecretsDocument, mistakes_are_named_with_their_place) {
  const auto why = [](std::string_view rest) {
    const auto document = parse_secrets("apiVersion: agentos/v1\nkind: Secrets\n" + std::string(rest), "s.yaml");
    return document ? std::string("it is read") : document.error().message;
  };
  EXPECT_NE(why("secret: []\n").find("s.yaml:3"), std::string::npos);
  EXPECT_NE(why("secrets: [{name: a}]\n").find("exactly one of"), std::string::npos);
  EXPECT_NE(why("secrets: [{name: a, file: relative}]\n").find("absolute"), std::string::npos);
  EXPECT_NE(why("secrets: [{name: a, credential: ../x}]\n").find("no \"/\""), std::string::npos);
  EXPECT_NE(why("routes: [{name: a.internal, to: \"https://b.example\", secret: x, header: X}]\n").find("no secret"),
            std::string::npos);
  EXPECT_NE(why("routes: [{name: a.internal, to: \"https://b.example/path\"}]\n").find("to must be"),
            std::string::npos);
  EXPECT_NE(why("secrets: [{name: k, environment: K}]\nroutes: [{name: a.internal, to: \"https://b.example\", secret: "
                "k, header: Host}]\n")
                .find("cannot stand in"),
            std::string::npos);
  EXPECT_NE(why("secrets: [{name: k, environment: K}]\nroutes: [{name: a.internal, to: \"https://b.example\", secret: "
                "k, header: \"X\\r\\nY\"}]\n"),
            "it is read");
}

TEST(SecretStore, a_file_that_others_may_read_is_refused_and_no_message_has_the_value) {
  char folder[] = "/tmp/agentos-secret-XXXXXX";
  const std::string path = std::string(::mkdtemp(folder)) + "/key";
  std::ofstream(path) << "hunter2\n";
  const SecretSpec spec{"key", SecretSource::kFile, path};
  ::chmod(path.c_str(), 0644);
  const auto open = SecretStore::load({spec}, {});
  ASSERT_FALSE(open.has_value());
  EXPECT_EQ(open.error().code, ErrorCode::kNotPermitted);
  EXPECT_EQ(open.error().message.find("hunter2"), std::string::npos);
  ::chmod(path.c_str(), 0600);
  EXPECT_EQ(*(*SecretStore::load({spec}, {}))->value("key"), "hunter2");
  std::ofstream(path) << "line\r\nX-Other: 1";
  const auto broken = SecretStore::load({spec}, {});
  ASSERT_FALSE(broken.has_value());
  EXPECT_EQ(broken.error().message.find("X-Other"), std::string::npos);
  const auto credential =
      SecretStore::load({{"key", SecretSource::kCredential, "key"}}, {.credentials_directory = folder});
  EXPECT_FALSE(credential.has_value()) << "the same octets are refused from every source";
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace agentos::egress
