// Records are text of a fixed size: one that a power failure tore is written again in its place.
#include "lib/recorder/seal.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace agentos::recorder {

namespace {

constexpr std::string_view kSealType =
    "\xff"
    "agentos-seal-v1";
constexpr std::size_t kSealLineSize = 8 + sizeof(VerifyKey) + sizeof(Signature);

template <std::size_t kSize>
std::string_view octets_of(const std::array<std::uint8_t, kSize>& array) {
  return {reinterpret_cast<const char*>(array.data()), array.size()};
}

template <std::size_t kSize>
bool take_base64(std::string_view text, std::array<std::uint8_t, kSize>& to) {
  const auto octets = crypto::from_base64(text);
  if (!octets || octets->size() != kSize) return false;
  std::memcpy(to.data(), octets->data(), kSize);
  return true;
}

}  // namespace

SealVerifier seal_verifier_of(std::string name, const VerifyKey& first) {
  const std::string key = std::string(kSealType) + std::string(octets_of(first));
  const std::uint32_t id = note_key_id(name, key);
  return {std::move(name), id, first};
}

std::string seal_verifier_text(const SealVerifier& verifier) {
  return key_text({verifier.name, std::string(kSealType) + std::string(octets_of(verifier.first))});
}

Result<SealVerifier> parse_seal_verifier(std::string_view text) {
  const KeyText key = TRY(parse_key_text(text, kSealType, sizeof(VerifyKey)));
  VerifyKey first;
  std::memcpy(first.data(), key.key.data() + kSealType.size(), first.size());
  return seal_verifier_of(key.name, first);
}

std::string seal_text(const Seal& seal) {
  std::string text = fmt::format("{} {} {} {} {}", seal.epoch, seal.size, crypto::base64(octets_of(seal.root)),
                                 crypto::base64(octets_of(seal.next)), crypto::base64(octets_of(seal.signature)));
  text.resize(kSealSize - 1, ' ');
  return text + "\n";
}

std::optional<Seal> parse_seal(std::string_view octets) {
  if (octets.size() != kSealSize) return std::nullopt;
  std::string_view words[5];
  std::string_view rest = octets;
  for (std::string_view& word : words) {
    const auto end = rest.find(' ');
    if (end == std::string_view::npos) return std::nullopt;
    word = rest.substr(0, end);
    rest.remove_prefix(end + 1);
  }
  Seal seal;
  std::from_chars(words[0].data(), words[0].data() + words[0].size(), seal.epoch);
  std::from_chars(words[1].data(), words[1].data() + words[1].size(), seal.size);
  if (!take_base64(words[2], seal.root) || !take_base64(words[3], seal.next) ||
      !take_base64(words[4], seal.signature) || seal_text(seal) != octets)
    return std::nullopt;
  return seal;
}

std::string seal_message(std::string_view origin, const Seal& seal) {
  return fmt::format("agentos seal v1\n{}\n{}\n{}\n{}\n{}\n", origin, seal.epoch, seal.size,
                     crypto::base64(octets_of(seal.root)), crypto::base64(octets_of(seal.next)));
}

std::string seal_line_message(std::uint64_t epoch, std::string_view body) {
  return fmt::format("agentos sealed checkpoint v1\n{}\n{}", epoch, body);
}

SignatureLine signature_line_of(const SealVerifier& verifier, const SealLine& line) {
  std::string octets;
  for (int shift = 56; shift >= 0; shift -= 8) octets += static_cast<char>(line.epoch >> shift);
  octets += octets_of(line.key);
  octets += octets_of(line.signature);
  return {verifier.name, verifier.key_id, std::move(octets)};
}

Result<std::optional<SealLine>> find_seal_line(const SealVerifier& verifier, const Note& note) {
  const auto found = std::find_if(note.lines.begin(), note.lines.end(), [&](const SignatureLine& line) {
    return line.name == verifier.name && line.key_id == verifier.key_id;
  });
  if (found == note.lines.end()) return std::optional<SealLine>();
  const std::string_view octets = found->signature;
  if (octets.size() != kSealLineSize) return fail(ErrorCode::kMalformed, "the forward-secure line has another size");
  SealLine line;
  for (std::size_t i = 0; i < 8; ++i) line.epoch = line.epoch << 8 | static_cast<std::uint8_t>(octets[i]);
  std::memcpy(line.key.data(), octets.data() + 8, line.key.size());
  std::memcpy(line.signature.data(), octets.data() + 8 + line.key.size(), line.signature.size());
  if (!crypto::verify(line.key, seal_line_message(line.epoch, note.body), line.signature))
    return fail(ErrorCode::kCorrupt, "the forward-secure line is not by the key it names");
  return std::optional(line);
}

const char* SealChain::add(const std::optional<Seal>& seal) {
  if (!seal) return "the record is not a seal";
  if (seal->epoch != epoch_) return "the seal is of another epoch";
  if (seal->size < size_) return "the seal covers fewer entries than the one before it";
  if (!crypto::verify(key_, seal_message(origin_, *seal), seal->signature))
    return "the seal is not by the key of its epoch";
  ++epoch_;
  key_ = seal->next;
  size_ = seal->size;
  return nullptr;
}

}  // namespace agentos::recorder
