// Forward-secure sealing: Ed25519 keys of consecutive epochs, each of which certifies the next and is then destroyed.
//
// Whoever steals everything at epoch E can sign for E and later, and never for what an earlier epoch sealed: seal E is
// the signature of key E over a checkpoint and over the public key of E + 1. Verifying begins with the public key of
// epoch 0 (`seal.pub`) and goes through the file `seals`. FORMAT.md ("Seals") is the page.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/crypto/hash.h"
#include "lib/recorder/entry.h"
#include "lib/recorder/note_lines.h"

namespace agentos::recorder {

using VerifyKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

inline constexpr std::string_view kSealKeyName = "seal.key";
inline constexpr std::string_view kSealVerifierName = "seal.pub";
inline constexpr std::string_view kSealsName = "seals";
inline constexpr std::size_t kSealSize = 256;           // octets of a record in `seals`
inline constexpr std::uint64_t kSealsMax = 1ULL << 22;  // records a verifier reads: eight years of a seal a minute

struct SealVerifier {
  std::string name;  // the log's origin
  std::uint32_t key_id = 0;
  VerifyKey first{};  // of epoch 0
};
SealVerifier seal_verifier_of(std::string name, const VerifyKey& first);
std::string seal_verifier_text(const SealVerifier& verifier);
Result<SealVerifier> parse_seal_verifier(std::string_view text);  // kMalformed

// One record of `seals`.
struct Seal {
  std::uint64_t epoch = 0;
  Index size = 0;  // of the log when it was sealed
  crypto::Digest root{};
  VerifyKey next{};  // of epoch + 1
  Signature signature{};
};
std::string seal_text(const Seal& seal);  // kSealSize octets
std::optional<Seal> parse_seal(std::string_view octets);
std::string seal_message(std::string_view origin, const Seal& seal);  // what is signed

// The forward-secure line of a checkpoint.
struct SealLine {
  std::uint64_t epoch = 0;
  VerifyKey key{};
  Signature signature{};
};
std::string seal_line_message(std::uint64_t epoch, std::string_view body);  // what is signed
SignatureLine signature_line_of(const SealVerifier& verifier, const SealLine& line);
// The line in the note; nothing when there is none. kMalformed for one of another size, kCorrupt for a bad signature.
Result<std::optional<SealLine>> find_seal_line(const SealVerifier& verifier, const Note& note);

// Follows the seals from the first on.
class SealChain {
 public:
  explicit SealChain(const SealVerifier& verifier) : origin_(verifier.name), key_(verifier.first) {}

  // What is wrong with the next record; nullptr when it is taken.
  const char* add(const std::optional<Seal>& seal);
  std::uint64_t epoch() const { return epoch_; }  // of the next record
  const VerifyKey& key() const { return key_; }   // of that epoch
  Index size() const { return size_; }            // what the last one sealed

 private:
  std::string origin_;
  std::uint64_t epoch_ = 0;
  VerifyKey key_;
  Index size_ = 0;
};

}  // namespace agentos::recorder
