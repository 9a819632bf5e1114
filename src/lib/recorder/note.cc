// Text formats with exactly one spelling for each value, so that no octet of a signed file can change unseen.
#include "lib/recorder/note.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace agentos::recorder {

namespace {

constexpr char kEd25519 = 1;  // signature type octet
constexpr std::string_view kPrivatePrefix = "PRIVATE+KEY+";
constexpr std::string_view kSignaturePrefix = "\xE2\x80\x94 ";  // em dash, space

std::uint32_t key_id_of(std::string_view name, const std::array<std::uint8_t, 32>& key) {
  std::string content(name);
  content += '\n';
  content += kEd25519;
  content.append(reinterpret_cast<const char*>(key.data()), key.size());
  const crypto::Digest digest = crypto::sha256(content);
  return (std::uint32_t{digest[0]} << 24) | (std::uint32_t{digest[1]} << 16) | (std::uint32_t{digest[2]} << 8) |
         std::uint32_t{digest[3]};
}

bool good_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && std::all_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7F && c != '+';
  });
}

// "name+8 hex digits+base64(0x01 || 32 octets)\n" to its name and octets; the id is left to the caller.
struct KeyText {
  std::string name;
  std::string id;
  std::array<std::uint8_t, 32> octets{};
};

Result<KeyText> parse_key(std::string_view text) {
  const auto malformed = [] { return fail(ErrorCode::kMalformed, "the key is not in note form (name+id+key)"); };
  if (!text.ends_with('\n')) return malformed();
  text.remove_suffix(1);
  const auto first = text.find('+');
  if (first == std::string_view::npos) return malformed();
  const auto second = text.find('+', first + 1);
  if (second == std::string_view::npos) return malformed();
  KeyText key;
  key.name = text.substr(0, first);
  key.id = text.substr(first + 1, second - first - 1);
  auto octets = crypto::from_base64(text.substr(second + 1));
  if (!good_name(key.name) || !octets || octets->size() != 33 || (*octets)[0] != kEd25519) return malformed();
  std::memcpy(key.octets.data(), octets->data() + 1, 32);
  return key;
}

std::string key_text(const NoteVerifier& verifier, std::span<const std::uint8_t, 32> octets) {
  std::string content(1, kEd25519);
  content.append(reinterpret_cast<const char*>(octets.data()), octets.size());
  return fmt::format("{}+{:08x}+{}\n", verifier.name, verifier.key_id, crypto::base64(content));
}

NoteSigner signer_of(std::string name, std::span<const std::uint8_t, 32> seed) {
  NoteSigner signer;
  signer.key = crypto::signing_key_from_seed(std::as_bytes(seed));
  signer.verifier.name = std::move(name);
  signer.verifier.key = signer.key.verify_key;
  signer.verifier.key_id = key_id_of(signer.verifier.name, signer.verifier.key);
  return signer;
}

// Whether `line` (without newline) is well formed; `matches` when the verifier's key made it over `body`.
bool check_line(const NoteVerifier& verifier, std::string_view body, std::string_view line, bool& matches) {
  if (!line.starts_with(kSignaturePrefix)) return false;
  line.remove_prefix(kSignaturePrefix.size());
  const auto space = line.find(' ');
  if (space == std::string_view::npos) return false;
  const std::string_view name = line.substr(0, space);
  const auto octets = crypto::from_base64(line.substr(space + 1));
  if (!good_name(name) || !octets || octets->size() < 5) return false;
  const auto at = [&](std::size_t i) { return std::uint32_t{static_cast<std::uint8_t>((*octets)[i])}; };
  const std::uint32_t id = (at(0) << 24) | (at(1) << 16) | (at(2) << 8) | at(3);
  if (name != verifier.name || id != verifier.key_id || octets->size() != 68) return true;
  std::array<std::uint8_t, 64> signature;
  std::memcpy(signature.data(), octets->data() + 4, 64);
  matches = matches || crypto::verify(verifier.key, body, signature);
  return true;
}

}  // namespace

Result<NoteSigner> make_signer(const std::string& name, Random& random) {
  if (!good_name(name))
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("\"{}\" cannot name a log: use 1 to 255 printable ASCII characters without space or '+'", name),
        "choose an origin such as \"example.org/agents\"");
  std::array<std::uint8_t, 32> seed;
  random.fill(std::as_writable_bytes(std::span(seed)));
  return signer_of(name, seed);
}

std::string signer_text(const NoteSigner& signer) {
  return std::string(kPrivatePrefix) + key_text(signer.verifier, signer.key.secret);
}

Result<NoteSigner> parse_signer(std::string_view text) {
  if (!text.starts_with(kPrivatePrefix)) return fail(ErrorCode::kMalformed, "the signing key is not in note form");
  const KeyText key = TRY(parse_key(text.substr(kPrivatePrefix.size())));
  NoteSigner signer = signer_of(key.name, key.octets);
  if (fmt::format("{:08x}", signer.verifier.key_id) != key.id)
    return fail(ErrorCode::kMalformed, "the signing key does not match its id");
  return signer;
}

std::string verifier_text(const NoteVerifier& verifier) { return key_text(verifier, verifier.key); }

Result<NoteVerifier> parse_verifier(std::string_view text) {
  const KeyText key = TRY(parse_key(text));
  NoteVerifier verifier{key.name, key_id_of(key.name, key.octets), key.octets};
  if (fmt::format("{:08x}", verifier.key_id) != key.id)
    return fail(ErrorCode::kMalformed, "the verifier key does not match its id");
  return verifier;
}

std::string sign_note(const NoteSigner& signer, std::string_view body) {
  const auto signature = crypto::sign(signer.key, body);
  std::string octets;
  for (int shift : {24, 16, 8, 0}) octets += static_cast<char>(signer.verifier.key_id >> shift);
  octets.append(reinterpret_cast<const char*>(signature.data()), signature.size());
  return fmt::format("{}\n{}{} {}\n", body, kSignaturePrefix, signer.verifier.name, crypto::base64(octets));
}

Result<std::string> open_note(const NoteVerifier& verifier, std::string_view note) {
  const auto split = note.rfind("\n\n");
  if (note.size() > kNoteSizeMax || split == std::string_view::npos || !note.ends_with('\n') ||
      split + 2 >= note.size())
    return fail(ErrorCode::kMalformed, "the text is not a signed note");
  const std::string_view body = note.substr(0, split + 1);
  bool matches = false;
  for (std::string_view rest = note.substr(split + 2); !rest.empty();) {
    const auto end = rest.find('\n');
    if (!check_line(verifier, body, rest.substr(0, end), matches))
      return fail(ErrorCode::kMalformed, "the note has a malformed signature line");
    rest.remove_prefix(end + 1);
  }
  if (!matches) return fail(ErrorCode::kCorrupt, fmt::format("no good signature by the key of {}", verifier.name));
  return std::string(body);
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
