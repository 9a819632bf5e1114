// Cosignatures of witnesses: C2SP tlog-cosignature, version 1, Ed25519. Source: https://c2sp.org/tlog-cosignature.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/crypto/hash.h"
#include "base/random.h"
#include "lib/recorder/note_lines.h"
#include "lib/recorder/seal.h"

namespace agentos::recorder {

struct WitnessVerifier {
  std::string name;
  std::uint32_t key_id = 0;
  VerifyKey key{};
};
struct WitnessSigner {
  WitnessVerifier verifier;
  crypto::SigningKey key;
};

Result<WitnessSigner> make_witness_signer(const std::string& name, Random& random);  // kInvalidArgument
std::string witness_signer_text(const WitnessSigner& signer);                        // "PRIVATE+KEY+name+id+key\n"
Result<WitnessSigner> parse_witness_signer(std::string_view text);
std::string witness_verifier_text(const WitnessVerifier& verifier);
Result<WitnessVerifier> parse_witness_verifier(std::string_view text);  // kMalformed; a missing newline is forgiven

// The line of a witness that saw the checkpoint `body` at `time_s`.
SignatureLine cosign(const WitnessSigner& signer, std::string_view body, std::uint64_t time_s);
// When the witness cosigned the note; nothing when it did not. kCorrupt for a line of its that is bad.
Result<std::optional<std::uint64_t>> find_cosignature(const WitnessVerifier& verifier, const Note& note);

}  // namespace agentos::recorder
