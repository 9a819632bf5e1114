// Proof files, seals, tiles' state, notes with any lines and requests to a witness take any octets.
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/recorder/cosignature.h"
#include "lib/recorder/disk_log.h"
#include "lib/recorder/fake_disk.h"
#include "lib/recorder/log_proof.h"
#include "lib/recorder/redaction.h"
#include "lib/recorder/seal.h"
#include "lib/recorder/signer_process.h"
#include "lib/recorder/tile.h"
#include "lib/recorder/witness.h"

namespace agentos::recorder {
namespace {

// What is read is written the same.
void read_proofs(std::string_view octets) {
  if (const auto file = parse_inclusion(octets)) {
    const auto again = parse_inclusion(inclusion_text(*file));
    CHECK(again && again->leaf == file->leaf && again->proof == file->proof && again->note == file->note);
    (void)holds_inclusion(file->proof, file->index, file->index + octets.size(), leaf_hash(file->leaf), {});
  }
  if (const auto file = parse_consistency(octets)) {
    CHECK(consistency_text(*file) == octets);
    (void)holds_consistency(file->proof, file->old_size, file->old_size + octets.size(), {}, {});
  }
}

void read_keys_and_seals(std::string_view octets) {
  if (const auto seal = parse_seal(octets)) CHECK(seal_text(*seal) == octets);
  if (const auto tiled = parse_tiled(octets)) CHECK(tiled_text(*tiled) == octets);
  if (const auto key = parse_seal_verifier(octets)) CHECK(seal_verifier_text(*key) == octets);
  if (const auto key = parse_witness_verifier(octets)) CHECK(witness_verifier_text(*key).starts_with(octets));
  (void)parse_witness_signer(octets);
  (void)parse_signer_answer(octets);
}

void ask_witness(std::string_view octets) {
  FakeDisk disk;
  SeededRandom random(1);
  const auto witness = Witness::open(disk, "/w", "fuzz", random);
  CHECK(witness && (*witness)->trust(make_signer("fuzz", random)->verifier));
  const auto answer = (*witness)->add_checkpoint(octets, 1);
  CHECK(answer && answer->status != 200);
}

// As the signed files of a log, and as the record of an erasing that was interrupted.
void read_beside_a_log(std::string_view octets) {
  FakeDisk disk;
  SeededRandom random(1);
  const auto signer = make_signer("fuzz", random);
  for (const char* name : {"seals", "cosigned", "seal.pub", "pruned", "tile/tiled"})
    disk.set_content(std::string("/log/") + name, std::string(octets));
  disk.set_content("/log/log.pub", verifier_text(signer->verifier));
  disk.set_content("/log/checkpoint", sign_note(*signer, checkpoint_body({"fuzz", 0, crypto::sha256(""), {}})));
  (void)verify_log_on(disk, "/log");
  disk.set_content("/log/erasing", std::string(octets));
  (void)finish_erasing(disk, "/log");
}

}  // namespace
}  // namespace agentos::recorder

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace agentos::recorder;
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(octets) + 1, size - 1);
  switch (octets[0] % 4) {
    case 0:
      read_proofs(input);
      break;
    case 1:
      read_keys_and_seals(input);
      break;
    case 2:
      ask_witness(input);
      break;
    default:
      read_beside_a_log(input);
  }
  return 0;
}
