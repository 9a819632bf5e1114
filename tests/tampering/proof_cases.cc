// Tiles that are not what the entries make, and proofs that do not prove what they say.
#include "lib/recorder/log_proof.h"
#include "lib/recorder/tile.h"
#include "tests/tampering/cases.h"
#include "tests/tampering/log_image.h"

namespace agentos::tampering {

using namespace recorder;

namespace {

const std::string kProofPath = "/log/entry.tlog-proof", kConsistencyPath = "/log/consistency";

void change_inclusion(FakeDisk& disk, const std::function<void(InclusionFile&)>& change) {
  InclusionFile file = parse_inclusion(disk.content(kProofPath)).value();
  change(file);
  disk.set_content(kProofPath, inclusion_text(file));
}

void change_consistency(FakeDisk& disk, const std::function<void(ConsistencyFile&)>& change) {
  ConsistencyFile file = parse_consistency(disk.content(kConsistencyPath)).value();
  change(file);
  disk.set_content(kConsistencyPath, consistency_text(file));
}

TamperCase inclusion_case(const char* name, const char* kind, const char* position,
                          const std::function<void(InclusionFile&)>& change) {
  return {name, kLogKey, kind, position, [change](FakeDisk& disk) { change_inclusion(disk, change); }, Subject::kProof};
}

TamperCase consistency_case(const char* name, const char* kind, const char* position,
                            const std::function<void(ConsistencyFile&)>& change) {
  return {name,
          kLogKey | kCheckpoint,
          kind,
          position,
          [change](FakeDisk& disk) { change_consistency(disk, change); },
          Subject::kConsistency};
}

std::vector<TamperCase> tile_cases() {
  return {
      {"hash_in_a_tile_flipped", kNothing, "tile", "tile/0/003",
       [](FakeDisk& disk) { flip(disk, "/log/tile/0/003", 1000); }},
      {"hash_in_a_partial_tile_flipped", kNothing, "tile", "tile/1/000.p/7",
       [](FakeDisk& disk) { flip(disk, "/log/tile/1/000.p/7", 40); }},
      {"tile_removed", kNothing, "tile", "tile/0/002", [](FakeDisk& disk) { disk.erase("/log/tile/0/002"); }},
      {"leaf_in_a_bundle_edited", kNothing, "tile", "tile/entries/001",
       [](FakeDisk& disk) { flip(disk, "/log/tile/entries/001", 500); }},
      {"tiles_of_a_longer_log", kNothing, "tile", "tile/tiled",
       [](FakeDisk& disk) { replace_in(disk, "/log/tile/tiled", "1984", "1985"); }},
      {"tiles_of_another_log", kNothing, "tile", "tile/0/000",
       [](FakeDisk& disk) { disk.set_content("/log/tile/0/000", disk.content("/log/tile/0/001")); }},
      {"tiled_is_malformed", kNothing, "tile", "tile/tiled",
       [](FakeDisk& disk) { replace_in(disk, "/log/tile/tiled", "agentos", "nothing"); }},
  };
}

}  // namespace

std::vector<TamperCase> proof_cases() {
  std::vector<TamperCase> all = tile_cases();
  all.push_back(inclusion_case("a_good_proof", "", "", [](InclusionFile&) {}));
  all.push_back(
      inclusion_case("index_of_a_proof_changed", "proof", "index 1501", [](InclusionFile& file) { ++file.index; }));
  all.push_back(inclusion_case("entry_of_a_proof_edited", "proof", "index 1500", [](InclusionFile& file) {
    file.leaf.replace(file.leaf.find("agent-2"), 7, "agent-9");
  }));
  all.push_back(inclusion_case("hash_of_a_proof_changed", "proof", "index 1500",
                               [](InclusionFile& file) { file.proof[2][0] ^= 1; }));
  all.push_back(inclusion_case("hash_of_a_proof_removed", "proof", "index 1500",
                               [](InclusionFile& file) { file.proof.pop_back(); }));
  all.push_back(inclusion_case("checkpoint_of_a_proof_edited", "checkpoint", "checkpoint",
                               [](InclusionFile& file) { file.note.replace(file.note.find("1984"), 4, "1983"); }));
  all.push_back({"proof_cut_short", kLogKey, "malformed", "the file",
                 [](FakeDisk& disk) {
                   const std::string text = disk.content(kProofPath);
                   disk.set_content(kProofPath, text.substr(0, text.find("index")));
                 },
                 Subject::kProof});
  all.push_back({"proof_of_a_log_with_other_keys", kLogKey, "checkpoint", "checkpoint",
                 [](FakeDisk& disk) {
                   SeededRandom random(5);
                   disk.set_content("/kept/log.pub",
                                    verifier_text(make_signer("agentos.local/log", random).value().verifier));
                 },
                 Subject::kProof});
  all.push_back(consistency_case("a_good_consistency", "", "", [](ConsistencyFile&) {}));
  all.push_back(consistency_case("hash_of_a_consistency_changed", "proof", "old 1323",
                                 [](ConsistencyFile& file) { file.proof[0][0] ^= 1; }));
  all.push_back(consistency_case("old_size_of_a_consistency_changed", "anchor", "old",
                                 [](ConsistencyFile& file) { --file.old_size; }));
  return all;
}

}  // namespace agentos::tampering
