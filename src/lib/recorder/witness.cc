// The order of refusals is that of the specification.
#include "lib/recorder/witness.h"

#include <fmt/format.h>

#include "lib/recorder/log_proof.h"

namespace agentos::recorder {

namespace {

std::string state_name(std::string_view origin, std::string_view what) {
  return fmt::format("{}.{}", crypto::hex(crypto::sha256(origin)), what);
}

WitnessAnswer refusal(int status, std::string reason) { return {status, std::move(reason) + "\n"}; }

// Nothing for a file that is absent.
Result<std::optional<std::string>> read_state(Disk& disk, const std::string& path) {
  auto text = read_small_file(disk, path, kNoteSizeMax);
  if (text) return std::optional(std::move(*text));
  if (text.error().code == ErrorCode::kNotFound) return std::optional<std::string>();
  return std::unexpected(std::move(text).error());
}

}  // namespace

Result<std::unique_ptr<Witness>> Witness::open(Disk& disk, const std::string& directory, const std::string& name,
                                               Random& random) {
  std::unique_ptr<Witness> witness(new Witness(disk, directory));
  TRY(disk.make_directory(directory));
  auto lock = disk.lock(directory + "/lock");
  if (!lock && lock.error().code == ErrorCode::kBusy)
    return fail(ErrorCode::kBusy, "another witness uses " + directory, "stop it, or use another state directory");
  if (!lock) return std::unexpected(std::move(lock).error());
  witness->lock_ = std::move(*lock);
  const auto key = TRY(read_state(disk, fmt::format("{}/{}", directory, kWitnessKeyName)));
  if (key) {
    witness->signer_ = TRY(parse_witness_signer(*key));
  } else {
    witness->signer_ = TRY(make_witness_signer(name, random));
    TRY(replace_file(disk, directory, std::string(kWitnessKeyName), witness_signer_text(witness->signer_)));
  }
  TRY(replace_file(disk, directory, std::string(kWitnessVerifierName), witness_verifier_text(witness->verifier())));
  return witness;
}

Status Witness::trust(const NoteVerifier& log) {
  const std::string name = state_name(log.name, "pub");
  const auto known = TRY(read_state(disk_, directory_ + "/" + name));
  if (!known) return replace_file(disk_, directory_, name, verifier_text(log));
  if (*known == verifier_text(log)) return {};
  return fail(ErrorCode::kCorrupt, fmt::format("the witness knows the log {} by another key", log.name),
              "a log whose key changed is another log: begin another state directory, and ask why it changed");
}

Result<WitnessAnswer> Witness::add_checkpoint(std::string_view request, std::uint64_t time_s) {
  const auto file = parse_consistency(request);
  if (!file) return refusal(400, file.error().message);
  const auto end = file->note.find('\n');
  if (end == std::string::npos) return refusal(400, "there is no checkpoint");
  const auto key = TRY(read_state(disk_, directory_ + "/" + state_name(file->note.substr(0, end), "pub")));
  if (!key) return refusal(404, "the log is not known here");
  return decide(TRY(parse_verifier(*key)), request, time_s);
}

Result<WitnessAnswer> Witness::decide(const NoteVerifier& log, std::string_view request, std::uint64_t time_s) {
  const ConsistencyFile file = TRY(parse_consistency(request));
  const auto checkpoint = open_checkpoint(log, file.note);
  if (!checkpoint) {
    const bool no_checkpoint = checkpoint.error().code == ErrorCode::kMalformed;
    return refusal(no_checkpoint ? 400 : 403, checkpoint.error().message);
  }
  if (!checkpoint->extension.empty()) return refusal(400, "this is the record of a pruning");
  if (file.old_size > checkpoint->size) return refusal(400, "the old size is larger than the new one");
  const std::string name = state_name(log.name, "checkpoint");
  Checkpoint last{log.name, 0, crypto::sha256(""), {}};
  if (const auto note = TRY(read_state(disk_, directory_ + "/" + name))) last = TRY(open_checkpoint(log, *note));
  if (file.old_size != last.size) return WitnessAnswer{409, fmt::format("{}\n", last.size)};
  if (checkpoint->size == 0 && checkpoint->root != crypto::sha256(""))
    return refusal(422, "an empty log has another root");
  if (!holds_consistency(file.proof, last.size, checkpoint->size, last.root, checkpoint->root))
    return refusal(422, fmt::format("the log of {} entries does not continue the one of {} that was cosigned",
                                    checkpoint->size, last.size));
  const std::string line = signature_text(cosign(signer_, checkpoint_body(*checkpoint), time_s));
  TRY(replace_file(disk_, directory_, name, file.note + line));
  return WitnessAnswer{200, line};
}

}  // namespace agentos::recorder
