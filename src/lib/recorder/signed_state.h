// Everything that is signed about a log, checked for itself: keys, checkpoint, seals, pruning, cosignatures, and what
// the verifier remembered from before. What of the entries must be true follows from it: roots at sizes.
#pragma once

#include <string>
#include <vector>

#include "lib/recorder/disk.h"
#include "lib/recorder/finding.h"
#include "lib/recorder/note.h"
#include "lib/recorder/reader.h"
#include "lib/recorder/seal.h"

namespace agentos::recorder {

// The first `size` entries have this root, or `finding` is told (its sentence ends with which entries were replaced).
struct ExpectedRoot {
  Index size = 0;
  std::size_t order = 0;  // among those of one size
  crypto::Digest root{};
  Finding finding;
};

struct SignedState {
  NoteVerifier key;
  Checkpoint checkpoint;
  std::optional<Checkpoint> pruned;
  std::vector<ExpectedRoot> roots;  // by size
  bool sealed = false;
  std::uint64_t seals = 0, epoch = 0;
  std::vector<std::string> cosigners;  // names of trusted witnesses with a good line in `cosigned`
};

// Fills `state`. An Error is an unreadable file.
Result<Check> read_signed_state(Disk& disk, const std::string& directory, const Anchors& anchors, SignedState& state);

}  // namespace agentos::recorder
