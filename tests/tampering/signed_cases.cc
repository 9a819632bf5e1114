// What is signed: checkpoints, seals, keys, cosignatures; with stolen keys; rolled back as a whole.
#include "lib/recorder/cosignature.h"
#include "lib/recorder/key_signer.h"
#include "lib/recorder/log_recorder.h"
#include "lib/recorder/test_entries.h"
#include "tests/tampering/cases.h"
#include "tests/tampering/log_image.h"

namespace agentos::tampering {

using namespace recorder;

namespace {

const std::string kCheckpointPath = "/log/checkpoint", kSealsPath = "/log/seals";

// The signature line `which` of a note is left out or taken from another note.
std::string without_line(const std::string& note, std::size_t which) {
  Note parsed = parse_note(note).value();
  parsed.lines.erase(parsed.lines.begin() + static_cast<long>(which));
  std::string text = parsed.body + "\n";
  for (const SignatureLine& line : parsed.lines) text += signature_text(line);
  return text;
}

void forge_seal_line(FakeDisk& disk) {
  Note note = parse_note(disk.content(kCheckpointPath)).value();
  const SealVerifier verifier = parse_seal_verifier(disk.content("/log/seal.pub")).value();
  const auto forger = crypto::signing_key_from_seed(std::array<std::byte, 32>{std::byte{7}});
  const std::uint64_t epoch = find_seal_line(verifier, note).value()->epoch;
  note.lines[1] = signature_line_of(
      verifier, {epoch, forger.verify_key, crypto::sign(forger, seal_line_message(epoch, note.body))});
  disk.set_content(kCheckpointPath, note.body + "\n" + signature_text(note.lines[0]) + signature_text(note.lines[1]));
}

// The log as it was after its second run.
void roll_back(FakeDisk& disk) {
  LogImage image(disk);
  const auto key = parse_verifier(disk.content("/log/log.pub")).value();
  const auto old = open_checkpoint(key, disk.content("/kept/checkpoint")).value();
  while (image.size() > old.size) {
    image.segments.back().entries.pop_back();
    if (image.segments.back().entries.empty()) image.segments.pop_back();
  }
  image.store(disk);
  disk.set_content(kCheckpointPath, disk.content("/kept/checkpoint"));
  disk.set_content(kSealsPath, disk.content(kSealsPath).substr(0, 2 * kSealSize));
  for (const std::string& name : disk.files_below("/log/tile")) disk.erase("/log/tile/" + name);
}

void edit_early(FakeDisk& disk) {
  LogImage image(disk);
  image.edit(30, "agent-0", "agent-9");
  image.store(disk);
}

// The whole log with keys of somebody else's making, sealed anew from epoch 0.
void begin_again_with_other_keys(FakeDisk& disk) {
  for (const char* name : {"log.key", "log.pub", "seal.key", "seal.pub", "seals", "cosigned", "checkpoint"})
    disk.erase(std::string("/log/") + name);
  const LogImage image(disk);
  for (std::size_t left = image.segments.size(); left > 0; --left) disk.erase(segment_path(disk, 0));
  SeededRandom random(77);
  {
    CHECK(KeySigner::open(disk, "/log", "agentos.local/log", random).has_value());
  }
  image.store(disk);
  sign_again(disk, Stolen::kBothKeys);
}

// Somebody who keeps the stable key and makes the seals anew.
void begin_seals_again(FakeDisk& disk) {
  edit_early(disk);
  for (const char* name : {"seal.key", "seal.pub", "seals"}) disk.erase(std::string("/log/") + name);
  sign_again(disk, Stolen::kBothKeys);
}

void strip_seals(FakeDisk& disk) {
  edit_early(disk);
  for (const char* name : {"seal.key", "seal.pub", "seals"}) disk.erase(std::string("/log/") + name);
  sign_again(disk, Stolen::kLogKey);
  disk.set_content(kCheckpointPath, without_line(disk.content(kCheckpointPath), 1));
}

// Entries behind the last seal of the log are another history, signed with both keys of now, which are the real ones.
void fork_after_the_second_run(FakeDisk& disk) {
  LogImage image(disk);
  image.edit(1320, "agent-1", "agent-9");
  image.store(disk);
  const NoteSigner log_key = parse_signer(disk.content("/log/log.key")).value();
  const Frontier tree = LogImage(disk).tree();
  for (const char* name : {"seal.key", "seal.pub", "seals"}) disk.erase(std::string("/log/") + name);
  disk.set_content(kCheckpointPath,
                   sign_note(log_key, checkpoint_body({log_key.verifier.name, tree.size(), tree.root(), {}})));
}

void change_seals(FakeDisk& disk, const std::function<void(std::string&)>& change) {
  std::string seals = disk.content(kSealsPath);
  change(seals);
  disk.set_content(kSealsPath, seals);
}

std::vector<TamperCase> checkpoint_cases() {
  return {
      {"size_of_the_checkpoint_changed", kNothing, "checkpoint", "checkpoint",
       [](FakeDisk& disk) { replace_in(disk, kCheckpointPath, "\n1984\n", "\n1983\n"); }},
      {"checkpoint_removed", kNothing, "checkpoint", "checkpoint", [](FakeDisk& disk) { disk.erase(kCheckpointPath); }},
      {"checkpoint_signed_with_another_key", kNothing, "checkpoint", "checkpoint",
       [](FakeDisk& disk) {
         SeededRandom random(5);
         const NoteSigner other = make_signer("agentos.local/log", random).value();
         disk.set_content(kCheckpointPath, sign_note(other, parse_note(disk.content(kCheckpointPath)).value().body));
       }},
      {"signature_of_the_checkpoint_flipped", kNothing, "checkpoint", "checkpoint",
       [](FakeDisk& disk) {
         Note note = parse_note(disk.content(kCheckpointPath)).value();
         note.lines[0].signature[9] ^= 1;
         disk.set_content(kCheckpointPath,
                          note.body + "\n" + signature_text(note.lines[0]) + signature_text(note.lines[1]));
       }},
      {"checkpoint_rolled_back", kNothing, "rollback", "checkpoint",
       [](FakeDisk& disk) { disk.set_content(kCheckpointPath, disk.content("/kept/checkpoint")); }},
      {"record_of_pruning_made_of_a_checkpoint", kNothing, "pruned", "pruned",
       [](FakeDisk& disk) {
         disk.set_content("/log/pruned", disk.content(kCheckpointPath));
         disk.erase(segment_path(disk, 0));
       }},
      {"record_of_pruning_by_another_key", kNothing, "pruned", "pruned",
       [](FakeDisk& disk) {
         SeededRandom random(5);
         const NoteSigner other = make_signer("agentos.local/log", random).value();
         const Checkpoint pruned{"agentos.local/log", 500, Frontier().root(), "pruned 1\n"};
         disk.set_content("/log/pruned", sign_note(other, checkpoint_body(pruned)));
       }},
      {"verifier_key_removed", kNothing, "key", "log.pub", [](FakeDisk& disk) { disk.erase("/log/log.pub"); }},
      {"verifier_key_flipped", kNothing, "key", "log.pub", [](FakeDisk& disk) { flip(disk, "/log/log.pub", 40); }},
      {"log_replaced_by_one_with_other_keys", kLogKey, "key", "log.pub", begin_again_with_other_keys},
  };
}

std::vector<TamperCase> seal_cases() {
  return {
      {"forward_secure_line_removed", kNothing, "seal", "checkpoint",
       [](FakeDisk& disk) { disk.set_content(kCheckpointPath, without_line(disk.content(kCheckpointPath), 1)); }},
      {"forward_secure_line_forged", kNothing, "seal", "checkpoint", forge_seal_line},
      {"seal_key_removed", kNothing, "key", "seal.pub", [](FakeDisk& disk) { disk.erase("/log/seal.pub"); }},
      {"seal_key_flipped", kNothing, "key", "seal.pub", [](FakeDisk& disk) { flip(disk, "/log/seal.pub", 45); }},
      {"seals_removed", kNothing, "seal", "seals record 0", [](FakeDisk& disk) { disk.erase(kSealsPath); }},
      {"first_seal_cut_out", kNothing, "seal", "seals record 0",
       [](FakeDisk& disk) { change_seals(disk, [](std::string& seals) { seals.erase(0, kSealSize); }); }},
      {"seals_cut_short", kNothing, "seal", "seals record 1",
       [](FakeDisk& disk) { change_seals(disk, [](std::string& seals) { seals.resize(kSealSize + 100); }); }},
      {"size_in_a_seal_changed", kNothing, "seal", "seals record 1",
       [](FakeDisk& disk) { replace_in(disk, kSealsPath, "1 1323 ", "1 1322 "); }},
      {"seals_swapped", kNothing, "seal", "seals record 0",
       [](FakeDisk& disk) {
         change_seals(disk, [](std::string& seals) {
           seals = seals.substr(kSealSize, kSealSize) + seals.substr(0, kSealSize) + seals.substr(2 * kSealSize);
         });
       }},
      {"seal_added", kNothing, "rollback", "checkpoint",
       [](FakeDisk& disk) { change_seals(disk, [](std::string& seals) { seals += seals.substr(2 * kSealSize); }); }},
      {"stable_key_stolen_and_history_rewritten", kNothing, "seal", "checkpoint",
       [](FakeDisk& disk) {
         edit_early(disk);
         sign_again(disk, Stolen::kLogKey);
       }},
      {"both_keys_of_now_stolen_and_history_rewritten", kNothing, "seal", "seals record 0",
       [](FakeDisk& disk) {
         edit_early(disk);
         sign_again(disk, Stolen::kBothKeys);
       }},
      {"both_keys_of_now_stolen_and_the_log_cut_off", kNothing, "rollback", "checkpoint",
       [](FakeDisk& disk) {
         LogImage image(disk);
         for (int i = 0; i < 100; ++i) image.erase(image.size() - 1);
         image.store(disk);
         sign_again(disk, Stolen::kBothKeys);
       }},
      {"keys_stolen_and_seals_begun_again", kSealKey, "key", "seal.pub", begin_seals_again},
      {"keys_stolen_and_seals_stripped", kSealKey, "key", "seal.pub", strip_seals},
  };
}

std::vector<TamperCase> anchored_cases() {
  return {
      {"directory_rolled_back_as_a_whole", kCheckpoint | kNothing, "", "", roll_back},
      {"directory_rolled_back_behind_what_is_remembered", kCheckpoint, "rollback", "checkpoint",
       [](FakeDisk& disk) {
         disk.set_content("/kept/checkpoint.later", disk.content(kCheckpointPath));
         roll_back(disk);
         disk.set_content("/kept/checkpoint", disk.content("/kept/checkpoint.later"));
       }},
      {"directory_wiped", kCheckpoint, "key", "log.pub",
       [](FakeDisk& disk) {
         for (const std::string& name : disk.files_below("/log")) disk.erase("/log/" + name);
       }},
      {"history_forked_behind_what_is_remembered", kCheckpoint, "anchor", "the remembered checkpoint",
       fork_after_the_second_run},
      {"history_forked_behind_what_a_witness_saw", kWitness, "witness", "cosigned", fork_after_the_second_run},
      {"cosignature_flipped", kWitness, "witness", "cosigned",
       [](FakeDisk& disk) {
         Note note = parse_note(disk.content("/log/cosigned")).value();
         std::string text = note.body + "\n";
         note.lines.back().signature[20] ^= 1;
         for (const SignatureLine& line : note.lines) text += signature_text(line);
         disk.set_content("/log/cosigned", text);
       }},
      {"cosigned_removed", kWitness, "witness", "cosigned", [](FakeDisk& disk) { disk.erase("/log/cosigned"); }},
      {"cosignature_by_another_witness", kWitness, "witness", "cosigned",
       [](FakeDisk& disk) {
         SeededRandom random(8);
         const auto other = make_witness_signer("witness.example/w1", random).value();
         const std::string note = disk.content("/kept/checkpoint");
         disk.set_content("/log/cosigned", note + signature_text(cosign(other, parse_note(note).value().body, 1)));
       }},
  };
}

}  // namespace

std::vector<TamperCase> signed_cases() {
  std::vector<TamperCase> all = checkpoint_cases();
  for (auto* more : {&seal_cases, &anchored_cases})
    for (TamperCase& one : (*more)()) all.push_back(std::move(one));
  return all;
}

}  // namespace agentos::tampering
