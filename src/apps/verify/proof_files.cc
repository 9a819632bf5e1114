// The place of a finding is the line of the file it is about.
#include "apps/verify/proof_files.h"

#include "lib/recorder/cosignature.h"
#include "lib/recorder/leaf_reader.h"
#include "lib/recorder/log_proof.h"

namespace agentos::verify {
namespace {

using recorder::Check;
using recorder::Finding;

// The witnesses that signed the note, and whether they are enough.
Check check_witnesses(const std::string& text, const recorder::Anchors& anchors, std::vector<std::string>& cosigners) {
  const auto note = recorder::parse_note(text);
  if (!note) return Finding{"checkpoint", note.error().message, "checkpoint"};
  for (const std::string& key : anchors.witness_keys) {
    const auto witness = recorder::parse_witness_verifier(key);
    if (!witness) return Finding{"witness", "a witness key: " + witness.error().message, "checkpoint"};
    const auto time_s = recorder::find_cosignature(*witness, *note);
    if (!time_s) return Finding{"witness", time_s.error().message, "checkpoint"};
    if (*time_s) cosigners.push_back(witness->name);
  }
  if (cosigners.size() < anchors.witnesses_min)
    return Finding{"witness",
                   std::to_string(cosigners.size()) + " trusted witnesses cosigned, " +
                       std::to_string(anchors.witnesses_min) + " are asked for",
                   "checkpoint"};
  return {};
}

// The checkpoint of a note, checked; fills what the report says of it.
Check open_signed(const std::string& note, const recorder::Anchors& anchors, recorder::Checkpoint& checkpoint,
                  ProofReport& report) {
  const auto key = recorder::parse_verifier(anchors.log_key);
  if (!key) return Finding{"key", key.error().message, "log key"};
  const auto opened = recorder::open_checkpoint(*key, note);
  if (!opened) return Finding{"checkpoint", opened.error().message, "checkpoint"};
  if (!opened->extension.empty()) return Finding{"checkpoint", "this is the record of a pruning", "checkpoint"};
  checkpoint = *opened;
  report.origin = checkpoint.origin;
  report.size = checkpoint.size;
  report.root = crypto::base64(crypto::view(checkpoint.root));
  return check_witnesses(note, anchors, report.cosigners);
}

Check check_inclusion_of(const std::string& text, const recorder::Anchors& anchors, ProofReport& report) {
  const auto file = recorder::parse_inclusion(text);
  if (!file) return Finding{"malformed", file.error().message, "the file"};
  report.index = file->index;
  recorder::Checkpoint checkpoint;
  if (auto problem = open_signed(file->note, anchors, checkpoint, report)) return problem;
  if (const auto leaf = recorder::read_leaf(file->leaf); !leaf) return Finding{"leaf", leaf.error(), "extra"};
  if (!recorder::holds_inclusion(file->proof, file->index, checkpoint.size, recorder::leaf_hash(file->leaf),
                                 checkpoint.root))
    return Finding{"proof", "the entry is not in the log that was signed", "index " + std::to_string(file->index)};
  report.leaf = file->leaf;
  return {};
}

Check check_consistency_of(const std::string& text, const recorder::Anchors& anchors, ProofReport& report) {
  const auto file = recorder::parse_consistency(text);
  if (!file) return Finding{"malformed", file.error().message, "the file"};
  report.old_size = file->old_size;
  recorder::Checkpoint old, checkpoint;
  ProofReport ignored;
  recorder::Anchors only_log_key;
  only_log_key.log_key = anchors.log_key;
  if (auto problem = open_signed(anchors.checkpoint, only_log_key, old, ignored))
    return Finding{"anchor", problem->what, "the remembered checkpoint"};
  if (auto problem = open_signed(file->note, anchors, checkpoint, report)) return problem;
  if (old.size != file->old_size)
    return Finding{"anchor", "the proof is from another size than that of the remembered checkpoint", "old"};
  if (!recorder::holds_consistency(file->proof, old.size, checkpoint.size, old.root, checkpoint.root))
    return Finding{"proof", "the log that was signed does not continue the remembered one",
                   "old " + std::to_string(file->old_size)};
  return {};
}

}  // namespace

ProofReport check_inclusion_file(const std::string& text, const recorder::Anchors& anchors) {
  ProofReport report;
  report.finding = check_inclusion_of(text, anchors, report);
  return report;
}

ProofReport check_consistency_file(const std::string& text, const recorder::Anchors& anchors) {
  ProofReport report;
  report.finding = check_consistency_of(text, anchors, report);
  return report;
}

}  // namespace agentos::verify
