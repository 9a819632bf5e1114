// Inclusion and consistency proofs of the RFC 6962 tree: what they are made of, and whether they hold.
//
// A proof is planned first (which roots of complete subtrees it needs: at most a few hundred, whatever the log's
// length), then those are read from tiles or segments, then put together. Sources: RFC 6962 section 2.1, RFC 9162
// sections 2.1.3 and 2.1.4. Everything here is a pure function; verifying takes any octets.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/crypto/hash.h"
#include "base/error.h"
#include "lib/recorder/entry.h"

namespace agentos::recorder {

inline constexpr std::size_t kProofHashesMax = 64;

// A complete subtree: the 2^level entries from index * 2^level on.
struct Subtree {
  unsigned level = 0;
  std::uint64_t index = 0;

  Index first() const { return index << level; }
  Index end() const { return (index + 1) << level; }
  bool operator==(const Subtree&) const = default;
};

// Where the roots of complete subtrees come from.
class SubtreeSource {
 public:
  virtual ~SubtreeSource() = default;
  // In the order asked for. kNotFound when an entry below one of them is not kept.
  virtual Result<std::vector<crypto::Digest>> roots_of(std::span<const Subtree> subtrees) = 0;
};

using Proof = std::vector<crypto::Digest>;  // at most kProofHashesMax

// From the leaf's sibling up. Precondition: index < size (kInvalidArgument).
Result<Proof> prove_inclusion(SubtreeSource& source, Index index, Index size);
// That the tree of `new_size` continues the tree of `old_size`; empty when one is empty or both are equal.
// Precondition: old_size <= new_size (kInvalidArgument).
Result<Proof> prove_consistency(SubtreeSource& source, Index old_size, Index new_size);
// The root over the first `size` entries.
Result<crypto::Digest> root_of(SubtreeSource& source, Index size);

bool holds_inclusion(std::span<const crypto::Digest> proof, Index index, Index size, const crypto::Digest& leaf,
                     const crypto::Digest& root);
bool holds_consistency(std::span<const crypto::Digest> proof, Index old_size, Index new_size,
                       const crypto::Digest& old_root, const crypto::Digest& new_root);

// The complete subtrees that make up the entries first to end, left to right. Precondition: first is 0 or a multiple
// of the least power of two that is not less than end - first.
std::vector<Subtree> subtrees_of(Index first, Index end);

}  // namespace agentos::recorder
