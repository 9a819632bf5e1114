// The RFC 6962 Merkle tree of a growing log, kept as the roots of its complete subtrees (at most 64 hashes).
//
// Adding a leaf costs one node hash on average; the root of any size is had when the tree has that size.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "lib/recorder/entry.h"

namespace agentos::recorder {

class Frontier {
 public:
  Frontier() = default;
  // The frontier of a tree of `size` leaves; `nodes` are its complete subtrees' roots, largest first, as nodes() gives.
  // Precondition: nodes.size() is the number of one-bits of `size`.
  Frontier(std::uint64_t size, std::span<const crypto::Digest> nodes);

  void add(const crypto::Digest& leaf);
  std::uint64_t size() const { return size_; }
  crypto::Digest root() const;  // SHA-256 of nothing for the empty tree
  std::span<const crypto::Digest> nodes() const { return {nodes_.data(), count_}; }

 private:
  std::array<crypto::Digest, 64> nodes_{};
  std::size_t count_ = 0;
  std::uint64_t size_ = 0;
};

}  // namespace agentos::recorder
