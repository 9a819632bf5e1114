// See cosignature.h.
#include "lib/recorder/cosignature.h"

#include <fmt/format.h>

#include <cstring>

namespace agentos::recorder {

namespace {

constexpr std::string_view kCosignatureType = "\x04";
constexpr std::string_view kWitnessPrivatePrefix = "PRIVATE+KEY+";
constexpr std::size_t kCosignatureSize = 8 + sizeof(Signature);

std::string typed_witness_key(std::span<const std::uint8_t, 32> key) {
  return std::string(kCosignatureType).append(reinterpret_cast<const char*>(key.data()), key.size());
}

WitnessSigner witness_signer_of(std::string name, std::span<const std::uint8_t, 32> seed) {
  WitnessSigner signer;
  signer.key = crypto::signing_key_from_seed(std::as_bytes(seed));
  signer.verifier = {std::move(name), 0, signer.key.verify_key};
  signer.verifier.key_id = note_key_id(signer.verifier.name, typed_witness_key(signer.key.verify_key));
  return signer;
}

std::string cosigned_message(std::string_view body, std::uint64_t time_s) {
  return fmt::format("cosignature/v1\ntime {}\n{}", time_s, body);
}

}  // namespace

Result<WitnessSigner> make_witness_signer(const std::string& name, Random& random) {
  if (!good_key_name(name))
    return fail(ErrorCode::kInvalidArgument, fmt::format("\"{}\" cannot name a witness", name),
                "use 1 to 255 printable ASCII characters without space or '+', such as \"witness.example/w1\"");
  std::array<std::uint8_t, 32> seed;
  random.fill(std::as_writable_bytes(std::span(seed)));
  return witness_signer_of(name, seed);
}

std::string witness_signer_text(const WitnessSigner& signer) {
  return std::string(kWitnessPrivatePrefix) + key_text({signer.verifier.name, typed_witness_key(signer.key.secret)});
}

Result<WitnessSigner> parse_witness_signer(std::string_view text) {
  if (!text.starts_with(kWitnessPrivatePrefix))
    return fail(ErrorCode::kMalformed, "the witness's key is not in note form");
  const KeyText key = TRY(parse_key_text(text.substr(kWitnessPrivatePrefix.size()), kCosignatureType, 32));
  std::array<std::uint8_t, 32> seed;
  std::memcpy(seed.data(), key.key.data() + kCosignatureType.size(), seed.size());
  return witness_signer_of(key.name, seed);
}

std::string witness_verifier_text(const WitnessVerifier& verifier) {
  return key_text({verifier.name, typed_witness_key(verifier.key)});
}

Result<WitnessVerifier> parse_witness_verifier(std::string_view text) {
  std::string line(text);
  if (!line.ends_with('\n')) line += '\n';
  const KeyText key = TRY(parse_key_text(line, kCosignatureType, sizeof(VerifyKey)));
  WitnessVerifier verifier{key.name, note_key_id(key.name, key.key), {}};
  std::memcpy(verifier.key.data(), key.key.data() + kCosignatureType.size(), verifier.key.size());
  return verifier;
}

SignatureLine cosign(const WitnessSigner& signer, std::string_view body, std::uint64_t time_s) {
  const Signature signature = crypto::sign(signer.key, cosigned_message(body, time_s));
  std::string octets;
  for (int shift = 56; shift >= 0; shift -= 8) octets += static_cast<char>(time_s >> shift);
  octets.append(signature.begin(), signature.end());
  return {signer.verifier.name, signer.verifier.key_id, std::move(octets)};
}

Result<std::optional<std::uint64_t>> find_cosignature(const WitnessVerifier& verifier, const Note& note) {
  std::optional<std::uint64_t> found;
  for (const SignatureLine& line : note.lines) {
    if (line.name != verifier.name || line.key_id != verifier.key_id) continue;
    const auto bad = [&] {
      return fail(ErrorCode::kCorrupt, fmt::format("the cosignature of {} is not good", verifier.name));
    };
    if (line.signature.size() != kCosignatureSize) return bad();
    std::uint64_t time_s = 0;
    for (std::size_t i = 0; i < 8; ++i) time_s = time_s << 8 | static_cast<std::uint8_t>(line.signature[i]);
    Signature signature;
    std::memcpy(signature.data(), line.signature.data() + 8, signature.size());
    if (!crypto::verify(verifier.key, cosigned_message(note.body, time_s), signature)) return bad();
    found = time_s;
  }
  return found;
}

}  // namespace agentos::recorder
