// `salt.key` is "agentos salt key v1\n" and the key in hexadecimal.
#include "lib/recorder/salt.h"

#include <fmt/format.h>

#include <cstring>

namespace agentos::recorder {

namespace {

constexpr std::string_view kTitle = "agentos salt key v1\n";
constexpr std::size_t kFileSize = kTitle.size() + 64 + 1;

int digit_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

Result<crypto::Digest> parse_key(std::string_view text) {
  const auto malformed = [] {
    return fail(ErrorCode::kCorrupt, "salt.key is damaged",
                "remove it: a new one is made, and nothing that was recorded depends on it");
  };
  if (text.size() != kFileSize || !text.starts_with(kTitle) || !text.ends_with('\n')) return malformed();
  crypto::Digest key;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const int high = digit_value(text[kTitle.size() + 2 * i]), low = digit_value(text[kTitle.size() + 2 * i + 1]);
    if (high < 0 || low < 0) return malformed();
    key[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return key;
}

}  // namespace

Salts::Salts(Disk& disk, std::string directory, Random& random, const crypto::Digest& key)
    : disk_(disk), directory_(std::move(directory)), random_(random), key_(key), stream_(std::span(key)) {}

Result<std::unique_ptr<Salts>> Salts::open(Disk& disk, const std::string& directory, Random& random) {
  crypto::Digest key;
  auto text = read_small_file(disk, directory + "/" + std::string(kSaltKeyName), kFileSize);
  if (text) {
    key = TRY(parse_key(*text));
  } else if (text.error().code == ErrorCode::kNotFound) {
    random.fill(std::as_writable_bytes(std::span(key)));
  } else {
    return std::unexpected(std::move(text).error());
  }
  std::unique_ptr<Salts> salts(new Salts(disk, directory, random, key));
  TRY(salts->move_forward());
  return salts;
}

Status Salts::move_forward() {
  crypto::Digest fresh;
  random_.fill(std::as_writable_bytes(std::span(fresh)));
  const std::string step = std::string("agentos salt step v1") + std::string(crypto::view(fresh));
  const crypto::Digest key = crypto::hmac_sha256(crypto::view(key_), step);
  TRY(replace_file(disk_, directory_, std::string(kSaltKeyName), fmt::format("{}{}\n", kTitle, crypto::hex(key))));
  key_ = key;
  stream_.rekey(crypto::hmac_sha256(crypto::view(key_), "agentos salt stream v1"));
  first_ = kNoIndex;
  return {};
}

void Salts::make(Index first) {
  stream_.blocks(first, made_);
  first_ = first;
}

}  // namespace agentos::recorder
