// Text formats with exactly one spelling for each value, so that no octet of a signed file can change unseen.
#include "lib/recorder/note.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace agentos::recorder {

namespace {

constexpr std::string_view kEd25519 = "\x01";  // signature type
constexpr std::size_t kEd25519KeySize = 32, kEd25519SignatureSize = 64;
constexpr std::string_view kPrivatePrefix = "PRIVATE+KEY+";

std::string typed(std::span<const std::uint8_t, kEd25519KeySize> octets) {
  std::string key(kEd25519);
  return key.append(reinterpret_cast<const char*>(octets.data()), octets.size());
}

NoteSigner signer_of(std::string name, std::span<const std::uint8_t, 32> seed) {
  NoteSigner signer;
  signer.key = crypto::signing_key_from_seed(std::as_bytes(seed));
  signer.verifier.name = std::move(name);
  signer.verifier.key = signer.key.verify_key;
  signer.verifier.key_id = note_key_id(signer.verifier.name, typed(signer.verifier.key));
  return signer;
}

// The octets behind the type.
std::array<std::uint8_t, kEd25519KeySize> untyped(const KeyText& key) {
  std::array<std::uint8_t, kEd25519KeySize> octets;
  std::memcpy(octets.data(), key.key.data() + kEd25519.size(), octets.size());
  return octets;
}

}  // namespace

Result<NoteSigner> make_signer(const std::string& name, Random& random) {
  if (!good_key_name(name))
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("\"{}\" cannot name a log: use 1 to 255 printable ASCII characters without space or '+'", name),
        "choose an origin such as \"example.org/agents\"");
  std::array<std::uint8_t, 32> seed;
  random.fill(std::as_writable_bytes(std::span(seed)));
  return signer_of(name, seed);
}

// The private form names the id of the public key.
std::string signer_text(const NoteSigner& signer) {
  return fmt::format("{}{}+{:08x}+{}\n", kPrivatePrefix, signer.verifier.name, signer.verifier.key_id,
                     crypto::base64(typed(signer.key.secret)));
}

Result<NoteSigner> parse_signer(std::string_view text) {
  const auto malformed = [] { return fail(ErrorCode::kMalformed, "the signing key is not in note form"); };
  if (!text.starts_with(kPrivatePrefix) || !text.ends_with('\n')) return malformed();
  const std::string_view rest = text.substr(kPrivatePrefix.size());
  const auto first = rest.find('+'), second = rest.find('+', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return malformed();
  auto octets = crypto::from_base64(rest.substr(second + 1, rest.size() - second - 2));
  const std::string name(rest.substr(0, first));
  if (!good_key_name(name) || !octets || octets->size() != kEd25519.size() + kEd25519KeySize ||
      !octets->starts_with(kEd25519))
    return malformed();
  NoteSigner signer = signer_of(name, untyped({name, std::move(*octets)}));
  if (signer_text(signer) != text) return fail(ErrorCode::kMalformed, "the signing key does not match its id");
  return signer;
}

std::string verifier_text(const NoteVerifier& verifier) { return key_text({verifier.name, typed(verifier.key)}); }

Result<NoteVerifier> parse_verifier(std::string_view text) {
  const KeyText key = TRY(parse_key_text(text, kEd25519, kEd25519KeySize));
  return NoteVerifier{key.name, note_key_id(key.name, key.key), untyped(key)};
}

std::string sign_note(const NoteSigner& signer, std::string_view body) {
  const auto signature = crypto::sign(signer.key, body);
  return fmt::format(
      "{}\n{}", body,
      signature_text({signer.verifier.name, signer.verifier.key_id, std::string(signature.begin(), signature.end())}));
}

Status check_note(const NoteVerifier& verifier, const Note& note) {
  bool matches = false;
  for (const SignatureLine& line : note.lines) {
    if (line.name != verifier.name || line.key_id != verifier.key_id) continue;
    std::array<std::uint8_t, kEd25519SignatureSize> signature;
    matches = line.signature.size() == signature.size();
    if (matches) std::memcpy(signature.data(), line.signature.data(), signature.size());
    matches = matches && crypto::verify(verifier.key, note.body, signature);
    if (!matches) break;
  }
  if (!matches) return fail(ErrorCode::kCorrupt, fmt::format("no good signature by the key of {}", verifier.name));
  return {};
}

Result<std::string> open_note(const NoteVerifier& verifier, std::string_view text) {
  Note note = TRY(parse_note(text));
  TRY(check_note(verifier, note));
  return std::move(note.body);
}

std::string checkpoint_body(const Checkpoint& checkpoint) {
  return fmt::format("{}\n{}\n{}\n{}", checkpoint.origin, checkpoint.size,
                     crypto::base64(crypto::view(checkpoint.root)), checkpoint.extension);
}

Result<Checkpoint> parse_checkpoint_body(std::string_view body) {
  const auto malformed = [] { return fail(ErrorCode::kMalformed, "the note's text is not a checkpoint"); };
  std::string_view lines[3];
  for (auto& line : lines) {
    const auto end = body.find('\n');
    if (end == std::string_view::npos || end == 0) return malformed();
    line = body.substr(0, end);
    body.remove_prefix(end + 1);
  }
  Checkpoint checkpoint;
  checkpoint.origin = lines[0];
  const auto [end, error] = std::from_chars(lines[1].data(), lines[1].data() + lines[1].size(), checkpoint.size);
  if (error != std::errc() || end != lines[1].data() + lines[1].size() || fmt::to_string(checkpoint.size) != lines[1])
    return malformed();
  const auto root = crypto::from_base64(lines[2]);
  if (!root || root->size() != 32 || (!body.empty() && !body.ends_with('\n'))) return malformed();
  std::memcpy(checkpoint.root.data(), root->data(), 32);
  checkpoint.extension = body;
  return checkpoint;
}

Result<Checkpoint> open_checkpoint(const NoteVerifier& verifier, std::string_view note) {
  Checkpoint checkpoint = TRY(parse_checkpoint_body(TRY(open_note(verifier, note))));
  if (checkpoint.origin != verifier.name)
    return fail(ErrorCode::kCorrupt,
                fmt::format("the checkpoint is of {}, the key of {}", checkpoint.origin, verifier.name));
  return checkpoint;
}

}  // namespace agentos::recorder
