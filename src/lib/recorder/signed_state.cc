// A recorder may write meanwhile: the seals are read between two readings of the checkpoint, which must be the same.
#include "lib/recorder/signed_state.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/recorder/cosignature.h"
#include "lib/recorder/recovery.h"

namespace agentos::recorder {

namespace {

constexpr int kSealsAttemptsMax = 8;

struct SignedFiles {
  std::optional<std::string> key, seal_key, checkpoint, pruned, cosigned, seals;
};

class SignedReader {
 public:
  SignedReader(Disk& disk, const std::string& directory, const Anchors& anchors, SignedState& state)
      : disk_(disk), directory_(directory), anchors_(anchors), state_(state) {}
  Result<Check> read();

 private:
  // Nothing for a file that is absent; a finding for one that is too large.
  Result<Check> take(std::string_view name, std::size_t size_max, std::optional<std::string>& to);
  Result<Check> take_files();
  Check check_keys();
  Check check_checkpoint();
  Check check_seals();
  Check check_pruned();
  Check check_cosigned();
  Check check_remembered();
  void expect(const Checkpoint& checkpoint, Finding finding) {
    state_.roots.push_back({checkpoint.size, state_.roots.size(), checkpoint.root, std::move(finding)});
  }

  Disk& disk_;
  const std::string& directory_;
  const Anchors& anchors_;
  SignedState& state_;
  SignedFiles files_;
  std::optional<SealVerifier> seal_key_;
  Note note_;  // of the checkpoint
};

Check finding(std::string_view kind, std::string what, std::string_view where) {
  return Finding{std::string(kind), std::move(what), std::string(where)};
}

Result<Check> SignedReader::take(std::string_view name, std::size_t size_max, std::optional<std::string>& to) {
  to.reset();
  auto text = read_small_file(disk_, fmt::format("{}/{}", directory_, name), size_max);
  if (text) to = std::move(*text);
  if (!text && text.error().code == ErrorCode::kTooLarge) return finding("malformed", "the file is too large", name);
  if (!text && text.error().code != ErrorCode::kNotFound) return std::unexpected(std::move(text).error());
  return Check{};
}

Result<Check> SignedReader::take_files() {
  for (int attempt = 1;; ++attempt) {
    struct Wanted {
      std::string_view name;
      std::size_t size_max;
      std::optional<std::string>* to;
    };
    std::optional<std::string> again;
    const Wanted wanted[] = {{kVerifierName, kNoteSizeMax, &files_.key},
                             {kSealVerifierName, kNoteSizeMax, &files_.seal_key},
                             {kCheckpointName, kNoteSizeMax, &files_.checkpoint},
                             {kPrunedName, kNoteSizeMax, &files_.pruned},
                             {kCosignedName, kNoteSizeMax, &files_.cosigned},
                             {kSealsName, kSealsMax * kSealSize, &files_.seals},
                             {kCheckpointName, kNoteSizeMax, &again}};
    for (const Wanted& one : wanted)
      if (auto problem = TRY(take(one.name, one.size_max, *one.to))) return problem;
    if (again == files_.checkpoint || attempt == kSealsAttemptsMax) return Check{};
  }
}

Check SignedReader::check_keys() {
  if (!files_.key) return finding("key", "the file is missing", kVerifierName);
  const auto key = parse_verifier(*files_.key);
  if (!key) return finding("key", key.error().message, kVerifierName);
  state_.key = *key;
  if (!anchors_.log_key.empty() && anchors_.log_key != *files_.key)
    return finding("key", "this is not the key that was remembered", kVerifierName);
  if (!anchors_.seal_key.empty() && anchors_.seal_key != files_.seal_key.value_or(""))
    return finding("key", files_.seal_key ? "this is not the key that was remembered" : "the file is missing",
                   kSealVerifierName);
  if (!files_.seal_key) {
    if (files_.seals) return finding("key", "the file is missing", kSealVerifierName);
    return {};
  }
  const auto seal_key = parse_seal_verifier(*files_.seal_key);
  if (!seal_key) return finding("key", seal_key.error().message, kSealVerifierName);
  if (seal_key->name != key->name)
    return finding("key", fmt::format("the key is of {}, that of the log of {}", seal_key->name, key->name),
                   kSealVerifierName);
  seal_key_ = *seal_key;
  return {};
}

Check SignedReader::check_checkpoint() {
  if (!files_.checkpoint) return finding("checkpoint", "the file is missing", kCheckpointName);
  auto note = parse_note(*files_.checkpoint);
  if (!note) return finding("checkpoint", note.error().message, kCheckpointName);
  note_ = std::move(*note);
  const auto checkpoint = open_checkpoint(state_.key, *files_.checkpoint);
  if (!checkpoint) return finding("checkpoint", checkpoint.error().message, kCheckpointName);
  state_.checkpoint = *checkpoint;
  if (checkpoint->extension.starts_with("pruned "))
    return finding("checkpoint", "this is the record of a pruning", kCheckpointName);
  expect(*checkpoint,
         {"replaced", fmt::format("the root of the first {} entries is not the one that was signed", checkpoint->size),
          std::string(kCheckpointName)});
  return {};
}

std::string record_place(std::uint64_t record) { return fmt::format("{} record {}", kSealsName, record); }

Check SignedReader::check_seals() {
  if (!seal_key_) return {};
  const auto line = find_seal_line(*seal_key_, note_);
  if (!line) return finding("seal", line.error().message, kCheckpointName);
  if (!*line) return finding("seal", "the checkpoint has no forward-secure line", kCheckpointName);
  const std::uint64_t epoch = (*line)->epoch;
  const std::string_view octets = files_.seals ? std::string_view(*files_.seals) : std::string_view();
  const std::uint64_t records = octets.size() / kSealSize;
  if (records < epoch)
    return finding("seal",
                   fmt::format("the checkpoint is of epoch {}, the seals of {} epochs are there", epoch, records),
                   record_place(records));
  if (octets.size() > (epoch + 1) * kSealSize)
    return finding("rollback", fmt::format("the checkpoint is of epoch {}, there are seals of later ones", epoch),
                   kCheckpointName);
  SealChain chain(*seal_key_);
  for (std::uint64_t i = 0;; ++i) {
    if (i == epoch && (*line)->key != chain.key())
      return finding("seal", fmt::format("the forward-secure line is not by the key of epoch {}", epoch),
                     kCheckpointName);
    if (i == records) break;
    const auto seal = parse_seal(octets.substr(i * kSealSize, kSealSize));
    if (const char* wrong = chain.add(seal)) {
      if (i == epoch) break;  // torn by a power failure: it is written again
      return finding("seal", wrong, record_place(i));
    }
    expect({state_.key.name, seal->size, seal->root, {}},
           {"seal", fmt::format("the root of the first {} entries is not the one that was sealed", seal->size),
            record_place(i)});
  }
  state_.seals = chain.epoch();
  state_.epoch = epoch;
  state_.sealed = true;
  if (chain.size() > state_.checkpoint.size)
    return finding("rollback",
                   fmt::format("a seal covers {} entries, the checkpoint {}", chain.size(), state_.checkpoint.size),
                   kCheckpointName);
  return {};
}

Check SignedReader::check_pruned() {
  if (!files_.pruned) return {};
  const auto pruned = open_checkpoint(state_.key, *files_.pruned);
  if (!pruned) return finding("pruned", pruned.error().message, kPrunedName);
  if (!pruned->extension.starts_with("pruned "))
    return finding("pruned", "this is no record of a pruning", kPrunedName);
  state_.pruned = *pruned;
  return {};
}

Check SignedReader::check_cosigned() {
  const std::size_t wanted = anchors_.witnesses_min;
  if (files_.cosigned) {
    const auto checkpoint = open_checkpoint(state_.key, *files_.cosigned);
    if (!checkpoint) return finding("witness", checkpoint.error().message, kCosignedName);
    const auto note = parse_note(*files_.cosigned);
    for (const std::string& text : anchors_.witness_keys) {
      const auto witness = parse_witness_verifier(text);
      if (!witness) return finding("witness", "a witness key: " + witness.error().message, kCosignedName);
      const auto time_s = find_cosignature(*witness, *note);
      if (!time_s) return finding("witness", time_s.error().message, kCosignedName);
      if (*time_s) state_.cosigners.push_back(witness->name);
    }
    if (!state_.cosigners.empty())
      expect(*checkpoint,
             {"witness",
              fmt::format("the root of the first {} entries is not the one that was cosigned", checkpoint->size),
              std::string(kCosignedName)});
  }
  if (state_.cosigners.size() < wanted)
    return finding("witness",
                   fmt::format("{} trusted witnesses cosigned, {} are asked for", state_.cosigners.size(), wanted),
                   kCosignedName);
  return {};
}

Check SignedReader::check_remembered() {
  if (anchors_.checkpoint.empty()) return {};
  const auto checkpoint = open_checkpoint(state_.key, anchors_.checkpoint);
  if (!checkpoint) return finding("anchor", checkpoint.error().message, "the remembered checkpoint");
  if (checkpoint->size > state_.checkpoint.size)
    return finding("rollback",
                   fmt::format("the remembered checkpoint covers {} entries, this one {}", checkpoint->size,
                               state_.checkpoint.size),
                   kCheckpointName);
  expect(*checkpoint,
         {"anchor", fmt::format("the root of the first {} entries is not the remembered one", checkpoint->size),
          "the remembered checkpoint"});
  return {};
}

Result<Check> SignedReader::read() {
  if (auto problem = TRY(take_files())) return problem;
  for (const auto check : {&SignedReader::check_keys, &SignedReader::check_checkpoint, &SignedReader::check_seals,
                           &SignedReader::check_pruned, &SignedReader::check_cosigned, &SignedReader::check_remembered})
    if (auto problem = (this->*check)()) return problem;
  // Of equal sizes the order stays: checkpoint, seals, cosigned, remembered.
  std::sort(state_.roots.begin(), state_.roots.end(), [](const ExpectedRoot& a, const ExpectedRoot& b) {
    return a.size != b.size ? a.size < b.size : a.order < b.order;
  });
  return Check{};
}

}  // namespace

Result<Check> read_signed_state(Disk& disk, const std::string& directory, const Anchors& anchors, SignedState& state) {
  return SignedReader(disk, directory, anchors, state).read();
}

}  // namespace agentos::recorder
