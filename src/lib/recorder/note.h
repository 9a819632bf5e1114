// Signed checkpoints: C2SP tlog-checkpoint bodies in C2SP signed notes, with Ed25519 keys in note form.
//
// Sources: https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint. A note may carry further signature lines
// (witnesses, a forward-secure line); opening one asks for a good line of the given key and passes over others.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/crypto/hash.h"
#include "base/error.h"
#include "base/random.h"
#include "lib/recorder/note_lines.h"

namespace agentos::recorder {

struct NoteVerifier {
  std::string name;
  std::uint32_t key_id = 0;  // first four octets of SHA-256(name || "\n" || 0x01 || key), big-endian
  std::array<std::uint8_t, 32> key{};
};

struct NoteSigner {
  NoteVerifier verifier;
  crypto::SigningKey key;
};

// `name`: not empty, no white space, no plus sign (kInvalidArgument).
Result<NoteSigner> make_signer(const std::string& name, Random& random);
std::string signer_text(const NoteSigner& signer);        // "PRIVATE+KEY+name+id+key\n"
Result<NoteSigner> parse_signer(std::string_view text);   // kMalformed
std::string verifier_text(const NoteVerifier& verifier);  // "name+id+key\n"
Result<NoteVerifier> parse_verifier(std::string_view text);

std::string sign_note(const NoteSigner& signer, std::string_view body);  // `body` ends with a newline
// Whether the key signed it: kCorrupt for no signature or a bad one.
Status check_note(const NoteVerifier& verifier, const Note& note);
// The body when the verifier's key signed it: kMalformed for what is no note, kCorrupt for no or a bad signature.
Result<std::string> open_note(const NoteVerifier& verifier, std::string_view note);

struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  crypto::Digest root{};
  std::string extension;  // lines after the third, each with its newline
};

std::string checkpoint_body(const Checkpoint& checkpoint);
Result<Checkpoint> parse_checkpoint_body(std::string_view body);
Result<Checkpoint> open_checkpoint(const NoteVerifier& verifier, std::string_view note);

}  // namespace agentos::recorder
