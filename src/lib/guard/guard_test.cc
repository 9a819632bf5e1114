// What is found, what is left alone, and that cleaned JSON is JSON.
#include <gtest/gtest.h>

#include "base/crypto/hash.h"
#include "base/json/value.h"
#include "lib/guard/cleaning.h"
#include "lib/guard/preview.h"
#include "lib/guard/scan.h"

namespace agentos::guard {
namespace {

// Test secrets are put together here, so that no scanner takes this file for a leak.
const std::string kDigits = "0123456789abcdefABCDEF0123456789abcdefABCDEF0123456789abcdefABCDEF01234567";
std::string token(const std::string& prefix, std::size_t rest) { return prefix + kDigits.substr(0, rest); }

std::string names_in(std::string_view text, Syntax syntax = Syntax::kPlain) {
  std::string names;
  for (const Finding& finding : scan(text, syntax).items) {
    EXPECT_LT(finding.begin, finding.end);
    EXPECT_LE(finding.end, text.size());
    names += (names.empty() ? "" : " ") + std::string(finding.name);
  }
  return names;
}

TEST(Guard, tokens_of_known_shapes_are_found_where_they_stand) {
  const std::pair<std::string, const char*> cases[] = {
      {"AKIA" + std::string("IOSFODNN7EXAMPLE"), "aws_access_key"},
      {token("ghp_", 36), "github_token"},
      {token("github_pat_", 60), "github_token"},
      {token("glpat-", 20), "gitlab_token"},
      {token("xoxb-", 40), "slack_token"},
      {token("sk_live_", 24), "stripe_key"},
      {token("AIza", 35), "google_api_key"},
      {token("sk-ant-api03-", 60), "anthropic_key"},
      {token("sk-proj-", 48), "openai_key"},
      {token("sk-", 48), "openai_key"},
      {token("hf_", 34), "huggingface_token"},
      {token("npm_", 36), "npm_token"},
      {"eyJ" + kDigits.substr(0, 20) + ".eyJ" + kDigits.substr(0, 30) + "." + kDigits.substr(0, 43), "json_web_token"}};
  for (const auto& [secret, name] : cases) {
    for (const auto& [before, after] : {std::pair("", ""), std::pair("use ", " now"), std::pair("x=", "\n"),
                                        std::pair("(", ")."), std::pair("a\\n", "\\n"), std::pair("\"", "\"")}) {
      const std::string text = before + secret + after;
      const Findings found = scan(text);
      ASSERT_EQ(found.items.size(), 1u) << text;
      EXPECT_EQ(found.items[0].name, name);
      EXPECT_EQ(found.items[0].confidence, Confidence::kHigh);
      EXPECT_EQ(text.substr(found.items[0].begin, found.items[0].end - found.items[0].begin), secret);
    }
  }
}

TEST(Guard, values_given_to_names_of_secrets_are_found) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"password":"hunter2!"})", "hunter2!"},
      {R"({"db":{"user_passwd":"corr3ct horse"}})", "corr3ct horse"},
      {R"({"data":"{\"password\": \"hunter2!\"}"})", "hunter2!"},
      {"DB_PASSWORD=s3cr3t-value\n", "s3cr3t-value"},
      {"client_secret: 8f14e45fceea167a5a36dedd4bea2543", "8f14e45fceea167a5a36dedd4bea2543"},
      {"api_key = 'a1b2c3d4e5f6g7h8i9'", "a1b2c3d4e5f6g7h8i9"},
      {"Authorization: Bearer a81bc81b-dead-4e5d-abff-90865d1e13b1", "a81bc81b-dead-4e5d-abff-90865d1e13b1"},
      {"postgres://app:pa55word@db.example/x", "pa55word"},
      {R"({"url":"https://joe:hunter2@example.com/"})", "hunter2"}};
  for (const auto& [text, secret] : cases) {
    const Syntax syntax = text[0] == '{' ? Syntax::kJson : Syntax::kPlain;
    const Findings found = scan(text, syntax);
    ASSERT_EQ(found.items.size(), 1u) << text;
    EXPECT_EQ(std::string_view(text).substr(found.items[0].begin, found.items[0].end - found.items[0].begin), secret);
  }
}

TEST(Guard, what_only_resembles_a_secret_is_left_alone) {
  for (const char* text :
       {"password: required",
        "the password must have eight characters",
        "password = os.environ['DB_PASSWORD']",
        "password=${DB_PASSWORD}",
        "\"password\": \"<your password>\"",
        "export TOKEN=$TOKEN",
        "token: string",
        "{\"token\":12345678}",
        "{\"password\":{\"type\":\"string\"}}",
        "{\"next_page_token\":\"a1b2c3d4e5f6a7b8c9d0e1f2\"}",
        "primary_key=customer_identifier",
        "sk-learn is a name, so is sk-a-rather-long-name-with-dashes-in-it",
        "commit 8f14e45fceea167a5a36dedd4bea25438f14e45f",
        "550e8400-e29b-41d4-a716-446655440000",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "AKIA is a prefix, AKIAshort too",
        "https://example.com:8080/a@b",
        "https://user@example.com/",
        "mailto:joe@example.com",
        "ghp_ and glpat- alone",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "eyJhbGciOiJIUzI1NiJ9 is only a header",
        "postgres://app:${PASSWORD}@db/x",
        "password: ********",
        "a\tb\r\nc\n",
        "grüße, 你好, مرحبا, 👨‍👩‍👧, ❤️, 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "नमस्ते क्‍ष",
        "src/very_long_module_name_without_secrets/implementation_detail_of_something.cc",
        "{\"path\":\"/mem/working/today.md\",\"data\":\"The quick brown fox jumps over the lazy dog.\"}"}) {
    EXPECT_EQ(names_in(text), "") << text;
    const std::string quoted = json::write(json::Value(text));
    EXPECT_EQ(names_in(quoted, Syntax::kJson), "") << quoted;
  }
}

TEST(Guard, private_keys_are_found_whole) {
  const std::string begin = std::string("-----BEGIN ") + "EC PRIVATE KEY-----";
  const std::string key = begin + "\nMHcCAQEE\n-----END EC PRIVATE KEY-----";
  const Findings plain = scan("key:\n" + key + "\nrest");
  ASSERT_EQ(plain.items.size(), 1u);
  EXPECT_EQ(plain.items[0].end - plain.items[0].begin, key.size());
  EXPECT_EQ(cleaned(json::write(json::Value(key + " rest")), Syntax::kJson), "\"[secret private_key] rest\"");
  EXPECT_EQ(cleaned(json::write(json::Value(begin + "\n cut off")), Syntax::kJson), "\"[secret private_key]\"");
}

TEST(Guard, characters_that_act_are_found) {
  EXPECT_EQ(names_in("red \x1b[31mtext"), "ansi");
  EXPECT_EQ(names_in("title \x1b]0;owned\x07 x"), "ansi control");
  EXPECT_EQ(names_in("bell \x07"), "control");
  EXPECT_EQ(names_in("over\rwritten"), "control");
  EXPECT_EQ(names_in("user\u202Enimda"), "bidi");
  EXPECT_EQ(names_in("pay\u200Bpal"), "zero_width");
  EXPECT_EQ(names_in("pay\u200Dpal"), "zero_width");
  EXPECT_EQ(names_in("hi\U000E0068\U000E0069"), "tag");
  EXPECT_EQ(names_in("x\uFE00\uFE01\uFE02\uFE03"), "zero_width");
  EXPECT_EQ(names_in(R"("red \u001b[31mtext")", Syntax::kJson), "ansi");
  EXPECT_EQ(names_in(R"("a \\u001b is text")", Syntax::kJson), "");
  EXPECT_EQ(cleaned(R"({"a":"red \u001b[31mtext"})", Syntax::kJson), R"({"a":"red [ansi]text"})");
}

TEST(Guard, findings_are_in_order_and_apart) {
  const std::string text = "token=" + token("ghp_", 36) + " \x1b[0m password='" + token("glpat-", 20) + "'";
  const Findings found = scan(text);
  ASSERT_EQ(found.items.size(), 3u);
  EXPECT_EQ(found.items[0].name, "github_token");
  for (std::size_t i = 1; i < found.items.size(); ++i) EXPECT_LE(found.items[i - 1].end, found.items[i].begin);
}

TEST(Guard, more_than_its_bound_is_not_kept) {
  std::string text;
  for (std::size_t i = 0; i <= kFindingsMax; ++i) text += "\x01 ";
  EXPECT_FALSE(scan(text).complete);
  EXPECT_TRUE(cleaned(text).ends_with("[more than can be cleaned]"));
  EXPECT_EQ(cleaned(json::write(json::Value(text)), Syntax::kJson), "\"[more than can be cleaned]\"");
}

TEST(Preview, short_and_clean_content_is_kept_as_it_is) {
  PreviewRoom room;
  const std::string json = R"({"data":"hello","path":"/state/a"})";
  EXPECT_EQ(preview_of(json, room).data(), json.data());
}

TEST(Preview, a_secret_is_replaced_and_the_kind_named) {
  PreviewRoom room;
  const std::string json = R"({"headers":{"x":")" + token("ghp_", 36) + R"("},"path":"/a"})";
  const auto value = json::parse(preview_of(json, room));
  ASSERT_TRUE(value.has_value());
  EXPECT_EQ(value->string_or("digest", ""), crypto::base64url(crypto::sha256(json)));
  EXPECT_EQ(value->int_or("size", 0), static_cast<std::int64_t>(json.size()));
  EXPECT_EQ(json::write(*value->find("cleaned")), "[\"secret\"]");
  EXPECT_EQ(json::write(*value->find("preview")), R"({"headers":{"x":"[secret github_token]"},"path":"/a"})");
}

TEST(Preview, long_strings_are_cut_on_whole_characters_and_the_rest_stays) {
  PreviewRoom room;
  std::string long_text;
  for (int i = 0; i < 1000; ++i) long_text += "ü\n\"";
  const json::Value arguments = json::Object{{"data", long_text}, {"path", "/state/a"}};
  const std::string json = json::write_canonical(arguments);
  const std::string_view kept = preview_of(json, room);
  EXPECT_LE(kept.size(), kPreviewBytesLimit);
  const auto value = json::parse(kept);
  ASSERT_TRUE(value.has_value()) << kept;
  EXPECT_EQ(value->find("preview")->string_or("path", ""), "/state/a");
  const std::string_view data = value->find("preview")->string_or("data", "");
  EXPECT_LE(data.size(), kPreviewStringBytesMax + 16);
  EXPECT_TRUE(data.starts_with("ü\n\"ü")) << data;
  EXPECT_TRUE(data.ends_with("]")) << data;
}

TEST(Preview, what_stays_long_becomes_the_beginning_of_its_text) {
  PreviewRoom room;
  json::Array numbers;
  for (int i = 0; i < 2000; ++i) numbers.emplace_back(i);
  const auto value = json::parse(preview_of(json::write(json::Value(numbers)), room));
  ASSERT_TRUE(value.has_value());
  ASSERT_TRUE(value->find("preview")->is_string());
  EXPECT_TRUE(value->string_or("preview", "").starts_with("[0,1,2,"));
  EXPECT_LE(value->string_or("preview", "").size(), kPreviewBytesMax);
}

}  // namespace
}  // namespace agentos::guard
