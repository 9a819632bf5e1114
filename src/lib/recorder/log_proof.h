// Proofs about a log's directory, as files that anybody can check: C2SP tlog-proof for inclusion, and the request of
// C2SP tlog-witness (old size, proof, checkpoint) for consistency.
//
// What is handed out was checked against the signed checkpoint first. Sources: https://c2sp.org/tlog-proof,
// https://c2sp.org/tlog-witness.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/recorder/disk.h"
#include "lib/recorder/note.h"
#include "lib/recorder/proof.h"

namespace agentos::recorder {

inline constexpr std::size_t kProofFileSizeMax = 128 * 1024;

// A proof that an entry is in the log of a checkpoint. `extra` is the leaf itself, so that the file needs nothing else.
struct InclusionFile {
  Index index = 0;
  std::string leaf;
  Proof proof;
  std::string note;  // the checkpoint with its signature lines
};
std::string inclusion_text(const InclusionFile& file);
Result<InclusionFile> parse_inclusion(std::string_view text);  // kMalformed

// That the log of `note` continues the log of `old_size` entries.
struct ConsistencyFile {
  Index old_size = 0;
  Proof proof;
  std::string note;
};
std::string consistency_text(const ConsistencyFile& file);
Result<ConsistencyFile> parse_consistency(std::string_view text);  // kMalformed

// How a proof was made, for a person who wonders why it took long.
enum class MadeFrom : std::uint8_t { kTiles, kSegments };

struct MadeInclusion {
  InclusionFile file;
  MadeFrom from = MadeFrom::kTiles;
};
// Of entry `index` in the log of the newest checkpoint (the one a witness cosigned when its size is the same).
// kInvalidArgument: the checkpoint does not cover it; kNotFound: pruned; kCorrupt: the log is not what was signed.
Result<MadeInclusion> make_inclusion(Disk& disk, const std::string& directory, Index index);

// From `old_size` to the newest checkpoint's size, or to `new_size` without a note when that is given.
Result<ConsistencyFile> make_consistency(Disk& disk, const std::string& directory, Index old_size,
                                         std::optional<Index> new_size);

// Whether the file proves its leaf to be in the log whose key is `verifier`. kCorrupt says what does not hold.
Result<Checkpoint> check_inclusion(const NoteVerifier& verifier, const InclusionFile& file);
// Whether its checkpoint continues `old_root` over old_size entries.
Result<Checkpoint> check_consistency(const NoteVerifier& verifier, const ConsistencyFile& file,
                                     const crypto::Digest& old_root);

}  // namespace agentos::recorder
