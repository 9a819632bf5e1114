// Roots of complete subtrees, read from tiles where they are built and from segments where they are not.
//
// Neither is trusted further: whoever hands out a proof checks it against the signed root first (log_proof.cc), so a
// stale or damaged tile costs time, never a wrong proof. One thread at a time.
#pragma once

#include <map>
#include <string>

#include "lib/recorder/disk.h"
#include "lib/recorder/proof.h"
#include "lib/recorder/tile.h"

namespace agentos::recorder {

// One walk over the segments from the first entry wanted to the last.
class SegmentSubtrees final : public SubtreeSource {
 public:
  SegmentSubtrees(Disk& disk, std::string directory) : disk_(disk), directory_(std::move(directory)) {}
  Result<std::vector<crypto::Digest>> roots_of(std::span<const Subtree> subtrees) override;

 private:
  Disk& disk_;
  std::string directory_;
};

// A few tiles; what they do not hold is asked of the segments.
class TileSubtrees final : public SubtreeSource {
 public:
  TileSubtrees(Disk& disk, std::string directory);
  Result<std::vector<crypto::Digest>> roots_of(std::span<const Subtree> subtrees) override;
  Index tiled() const { return tiled_.size; }

 private:
  static constexpr std::size_t kCachedMax = 64;

  // Nothing when no tile holds it.
  std::optional<crypto::Digest> from_tile(const Subtree& subtree);
  const std::vector<crypto::Digest>* tile(unsigned level, std::uint64_t index);

  Disk& disk_;
  std::string directory_;
  Tiled tiled_;
  std::map<std::pair<unsigned, std::uint64_t>, std::vector<crypto::Digest>> cached_;
};

}  // namespace agentos::recorder
