// `seal.key` is two slots of 4096 octets; epoch E is in slot E mod 2: "AGTSEAL1", epoch (8 octets), seed (32), CRC-32C
// of these (4), zeroes. The seed of the next epoch is HMAC-SHA256(seed, "agentos seal step v1"): no seed leads back.
#include "lib/recorder/key_signer.h"

#include <fmt/format.h>
#include <string.h>

#include <algorithm>
#include <cstring>

#include "lib/recorder/crc32c.h"
#include "lib/recorder/recovery.h"
#include "lib/recorder/segment_reader.h"

namespace agentos::recorder {

namespace {

constexpr std::string_view kSlotMagic = "AGTSEAL1";
constexpr std::size_t kSlotSize = 4096, kSlotUsed = 52;
constexpr std::string_view kRestoreHint =
    "restore it from a backup, or keep this log as it is and begin another directory";

using Seed = std::array<std::uint8_t, 32>;

struct StoredSealKey {
  std::uint64_t epoch = 0;
  Seed seed{};
};

std::string in_directory(const std::string& directory, std::string_view name) {
  return fmt::format("{}/{}", directory, name);
}

std::unexpected<Error> broken(const std::string& directory, std::string_view name, std::string_view what) {
  return fail(ErrorCode::kCorrupt, fmt::format("{} {}", in_directory(directory, name), what),
              std::string(kRestoreHint));
}

std::string slot_text(std::uint64_t epoch, const Seed& seed) {
  std::string text(kSlotMagic);
  text.append(reinterpret_cast<const char*>(&epoch), sizeof(epoch));
  text.append(reinterpret_cast<const char*>(seed.data()), seed.size());
  const std::uint32_t checksum = crc32c(text);
  text.append(reinterpret_cast<const char*>(&checksum), sizeof(checksum));
  return text;
}

std::optional<StoredSealKey> parse_slot(std::string_view octets) {
  StoredSealKey slot;
  if (octets.size() < kSlotUsed) return std::nullopt;
  std::memcpy(&slot.epoch, octets.data() + kSlotMagic.size(), sizeof(slot.epoch));
  std::memcpy(slot.seed.data(), octets.data() + kSlotMagic.size() + sizeof(slot.epoch), slot.seed.size());
  if (slot_text(slot.epoch, slot.seed) != octets.substr(0, kSlotUsed)) return std::nullopt;
  return slot;
}

crypto::SigningKey key_of(const Seed& seed) { return crypto::signing_key_from_seed(std::as_bytes(std::span(seed))); }

Seed next_seed(const Seed& seed) {
  return crypto::hmac_sha256({reinterpret_cast<const char*>(seed.data()), seed.size()}, "agentos seal step v1");
}

bool is_there(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Result<NoteSigner> open_log_key(Disk& disk, const std::string& directory, const std::string& origin, Random& random) {
  const auto names = TRY(disk.list(directory));
  const bool has_segments =
      std::any_of(names.begin(), names.end(), [](const std::string& name) { return segment_first(name).has_value(); });
  NoteSigner signer;
  if (!is_there(names, kSignerName)) {
    if (is_there(names, kVerifierName) || is_there(names, kCheckpointName) || has_segments)
      return broken(directory, kSignerName, "is missing");
    signer = TRY(make_signer(origin, random));
    TRY(replace_file(disk, directory, std::string(kSignerName), signer_text(signer)));
  } else {
    auto read = parse_signer(TRY(read_small_file(disk, in_directory(directory, kSignerName), kNoteSizeMax)));
    if (!read) return broken(directory, kSignerName, "is damaged: " + read.error().message);
    signer = std::move(*read);
  }
  const std::string verifier = verifier_text(signer.verifier);
  if (!is_there(names, kVerifierName)) {
    TRY(replace_file(disk, directory, std::string(kVerifierName), verifier));
  } else if (TRY(read_small_file(disk, in_directory(directory, kVerifierName), kNoteSizeMax)) != verifier) {
    return broken(directory, kVerifierName, fmt::format("is not the verifier key of {}", kSignerName));
  }
  return signer;
}

KeySigner::~KeySigner() {
  ::explicit_bzero(signer_.key.secret.data(), signer_.key.secret.size());
  ::explicit_bzero(seal_key_.key.secret.data(), seal_key_.key.secret.size());
}

Result<std::unique_ptr<KeySigner>> KeySigner::open(Disk& disk, const std::string& directory, const std::string& origin,
                                                   Random& random) {
  std::unique_ptr<KeySigner> signer(new KeySigner);
  signer->signer_ = TRY(open_log_key(disk, directory, origin, random));
  TRY(signer->open_seals(disk, directory, signer->signer_.verifier.name, random));
  return signer;
}

Status KeySigner::make_seal_key(Disk& disk, const std::string& directory, Random& random) {
  Seed seed;
  random.fill(std::as_writable_bytes(std::span(seed)));
  std::string content = slot_text(0, seed);
  content.resize(2 * kSlotSize);
  TRY(replace_file(disk, directory, std::string(kSealKeyName), content));
  ::explicit_bzero(content.data(), content.size());
  ::explicit_bzero(seed.data(), seed.size());
  return {};
}

// Of two keys the newer counts; the older was to be overwritten.
Status KeySigner::read_seal_key(Disk& disk, const std::string& directory) {
  seal_file_ = TRY(disk.open(in_directory(directory, kSealKeyName)));
  std::optional<StoredSealKey> newest;
  for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{kSlotSize}}) {
    std::string octets(kSlotUsed, '\0');
    octets.resize(TRY(seal_file_->read_at(at, octets.data(), octets.size())));
    auto slot = parse_slot(octets);
    if (slot && slot->epoch % 2 == at / kSlotSize && (!newest || slot->epoch > newest->epoch)) newest = slot;
  }
  if (!newest) return broken(directory, kSealKeyName, "is damaged: it holds no key");
  seal_key_ = {newest->epoch, key_of(newest->seed)};
  const std::uint64_t other = (newest->epoch + 1) % 2 * kSlotSize;
  TRY(seal_file_->write_at(other, std::string(kSlotUsed, '\0')));
  return seal_file_->sync();
}

Status KeySigner::open_seals(Disk& disk, const std::string& directory, const std::string& origin, Random& random) {
  const auto names = TRY(disk.list(directory));
  if (!is_there(names, kSealKeyName)) {
    if (is_there(names, kSealVerifierName) || is_there(names, kSealsName))
      return broken(directory, kSealKeyName, "is missing");
    TRY(make_seal_key(disk, directory, random));
  }
  TRY(read_seal_key(disk, directory));
  if (!is_there(names, kSealVerifierName)) {
    if (seal_key_.epoch != 0) return broken(directory, kSealVerifierName, "is missing");
    seal_verifier_ = seal_verifier_of(origin, seal_key_.key.verify_key);
    TRY(replace_file(disk, directory, std::string(kSealVerifierName), seal_verifier_text(seal_verifier_)));
  } else {
    const auto verifier =
        parse_seal_verifier(TRY(read_small_file(disk, in_directory(directory, kSealVerifierName), kNoteSizeMax)));
    if (!verifier) return broken(directory, kSealVerifierName, "is damaged: " + verifier.error().message);
    seal_verifier_ = *verifier;
  }
  if (!is_there(names, kSealsName)) {
    if (seal_key_.epoch != 0) return broken(directory, kSealsName, "is missing");
    TRY(replace_file(disk, directory, std::string(kSealsName), ""));
  }
  seals_ = TRY(disk.open(in_directory(directory, kSealsName)));
  const auto checked = check_seals();
  if (!checked && checked.error().code == ErrorCode::kCorrupt)
    return broken(directory, kSealsName, checked.error().message);
  return checked;
}

// The record before this epoch names its key; one of this epoch itself means that the key was to be destroyed.
Status KeySigner::check_seals() {
  const auto record = [&](std::uint64_t epoch) -> Result<std::optional<Seal>> {
    std::string octets(kSealSize, '\0');
    octets.resize(TRY(seals_->read_at(epoch * kSealSize, octets.data(), octets.size())));
    return parse_seal(octets);
  };
  VerifyKey expected = seal_verifier_.first;
  if (seal_key_.epoch > 0) {
    const auto before = TRY(record(seal_key_.epoch - 1));
    if (!before || before->epoch != seal_key_.epoch - 1)
      return fail(ErrorCode::kCorrupt, fmt::format("lacks the seal of epoch {}", seal_key_.epoch - 1));
    expected = before->next;
    sealed_ = before->size;
  }
  if (expected != seal_key_.key.verify_key)
    return fail(ErrorCode::kCorrupt,
                fmt::format("and {} name different keys of epoch {}", kSealKeyName, seal_key_.epoch));
  const auto own = TRY(record(seal_key_.epoch));
  if (!own || own->epoch != seal_key_.epoch) return {};
  if (!crypto::verify(seal_key_.key.verify_key, seal_message(seal_verifier_.name, *own), own->signature)) return {};
  sealed_ = own->size;
  return advance();
}

Status KeySigner::advance() {
  Seed seed = next_seed(seal_key_.key.secret);
  const SealKey next{seal_key_.epoch + 1, key_of(seed)};
  TRY(seal_file_->write_at(next.epoch % 2 * kSlotSize, slot_text(next.epoch, seed)));
  TRY(seal_file_->sync());
  ::explicit_bzero(seed.data(), seed.size());
  ::explicit_bzero(seal_key_.key.secret.data(), seal_key_.key.secret.size());
  const std::uint64_t old_slot = seal_key_.epoch % 2 * kSlotSize;
  seal_key_ = next;
  TRY(seal_file_->write_at(old_slot, std::string(kSlotUsed, '\0')));
  return seal_file_->sync();
}

Result<Checkpoint> KeySigner::checkpoint_of(std::string_view body) const {
  if (body.size() > kSignedBodySizeMax) return fail(ErrorCode::kTooLarge, "what is to be signed is too large");
  auto checkpoint = TRY(parse_checkpoint_body(body));
  const bool plain = checkpoint.extension.empty() || checkpoint.extension.starts_with("pruned ");
  if (checkpoint.origin != signer_.verifier.name || checkpoint_body(checkpoint) != body || !plain)
    return fail(ErrorCode::kMalformed, "only checkpoints and records of pruning of this log are signed");
  return checkpoint;
}

Result<std::string> KeySigner::sign(std::string_view body) {
  const std::lock_guard lock(mutex_);
  const Checkpoint checkpoint = TRY(checkpoint_of(body));
  if (checkpoint.extension.empty()) {
    const bool goes_back = newest_ && (checkpoint.size < newest_->size ||
                                       (checkpoint.size == newest_->size && checkpoint.root != newest_->root));
    if (goes_back)
      return fail(ErrorCode::kNotPermitted,
                  fmt::format("a checkpoint over {} entries was signed; this one over {} does "
                              "not continue it",
                              newest_->size, checkpoint.size));
    newest_ = checkpoint;
  }
  const SealLine line{seal_key_.epoch, seal_key_.key.verify_key,
                      crypto::sign(seal_key_.key, seal_line_message(seal_key_.epoch, body))};
  return sign_note(signer_, body) + signature_text(signature_line_of(seal_verifier_, line));
}

Status KeySigner::seal(std::string_view body) {
  const std::lock_guard lock(mutex_);
  const Checkpoint checkpoint = TRY(checkpoint_of(body));
  if (!checkpoint.extension.empty() || (newest_ && checkpoint.size > newest_->size))
    return fail(ErrorCode::kNotPermitted, "only a checkpoint that was signed is sealed");
  if (sealed_ == checkpoint.size) return {};
  Seed seed = next_seed(seal_key_.key.secret);
  Seal seal{seal_key_.epoch, checkpoint.size, checkpoint.root, key_of(seed).verify_key, {}};
  ::explicit_bzero(seed.data(), seed.size());
  seal.signature = crypto::sign(seal_key_.key, seal_message(seal_verifier_.name, seal));
  TRY(seals_->write_at(seal.epoch * kSealSize, seal_text(seal)));
  TRY(seals_->sync());
  TRY(advance());
  sealed_ = seal.size;
  return {};
}

}  // namespace agentos::recorder
