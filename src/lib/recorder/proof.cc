// The recursion of RFC 6962 goes down one side of the tree; each step adds the root of the other side.
#include "lib/recorder/proof.h"

#include <algorithm>
#include <bit>

namespace agentos::recorder {

namespace {

// The entries whose root is one hash of a proof.
struct LeafRange {
  Index first = 0;
  Index end = 0;
};

// The largest power of two smaller than n. Precondition: n > 1.
Index split_of(Index n) { return std::bit_floor(n - 1); }

crypto::Digest fold(std::span<const crypto::Digest> roots) {
  crypto::Digest hash = roots.back();
  for (std::size_t i = roots.size() - 1; i > 0; --i) hash = node_hash(roots[i - 1], hash);
  return hash;
}

Result<Proof> read_ranges(SubtreeSource& source, const std::vector<LeafRange>& ranges) {
  std::vector<Subtree> wanted;
  std::vector<std::size_t> counts;
  for (const LeafRange& range : ranges) {
    const auto parts = subtrees_of(range.first, range.end);
    wanted.insert(wanted.end(), parts.begin(), parts.end());
    counts.push_back(parts.size());
  }
  Proof proof;
  if (wanted.empty()) return proof;
  const auto roots = TRY(source.roots_of(wanted));
  std::span<const crypto::Digest> rest(roots);
  for (const std::size_t count : counts) {
    proof.push_back(fold(rest.first(count)));
    rest = rest.subspan(count);
  }
  return proof;
}

}  // namespace

std::vector<Subtree> subtrees_of(Index first, Index end) {
  std::vector<Subtree> parts;
  while (first < end) {
    const auto level = static_cast<unsigned>(std::bit_width(end - first) - 1);
    parts.push_back({level, first >> level});
    first += Index{1} << level;
  }
  return parts;
}

Result<Proof> prove_inclusion(SubtreeSource& source, Index index, Index size) {
  if (index >= size) return fail(ErrorCode::kInvalidArgument, "a proof of inclusion is of an entry within the size");
  std::vector<LeafRange> ranges;
  Index first = 0, end = size;
  while (end - first > 1) {
    const Index middle = first + split_of(end - first);
    if (index < middle) {
      ranges.push_back({middle, end});
      end = middle;
    } else {
      ranges.push_back({first, middle});
      first = middle;
    }
  }
  std::reverse(ranges.begin(), ranges.end());
  return read_ranges(source, ranges);
}

Result<Proof> prove_consistency(SubtreeSource& source, Index old_size, Index new_size) {
  if (old_size > new_size)
    return fail(ErrorCode::kInvalidArgument, "a proof of consistency goes from a size to one that is not smaller");
  if (old_size == 0 || old_size == new_size) return Proof{};
  std::vector<LeafRange> ranges;
  Index first = 0, end = new_size;
  bool whole = true;  // the old tree is a subtree of the new one, whose root the verifier has
  while (old_size != end) {
    const Index middle = first + split_of(end - first);
    if (old_size <= middle) {
      ranges.push_back({middle, end});
      end = middle;
    } else {
      ranges.push_back({first, middle});
      first = middle;
      whole = false;
    }
  }
  if (!whole) ranges.push_back({first, end});
  std::reverse(ranges.begin(), ranges.end());
  return read_ranges(source, ranges);
}

Result<crypto::Digest> root_of(SubtreeSource& source, Index size) {
  if (size == 0) return crypto::sha256("");
  return fold(TRY(source.roots_of(subtrees_of(0, size))));
}

// RFC 9162, 2.1.3.2.
bool holds_inclusion(std::span<const crypto::Digest> proof, Index index, Index size, const crypto::Digest& leaf,
                     const crypto::Digest& root) {
  if (index >= size) return false;
  Index at = index, last = size - 1;
  crypto::Digest hash = leaf;
  for (const crypto::Digest& sibling : proof) {
    if (last == 0) return false;
    if ((at & 1) != 0 || at == last) {
      hash = node_hash(sibling, hash);
      while ((at & 1) == 0 && at != 0) {
        at >>= 1;
        last >>= 1;
      }
    } else {
      hash = node_hash(hash, sibling);
    }
    at >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

// RFC 9162, 2.1.4.2.
bool holds_consistency(std::span<const crypto::Digest> proof, Index old_size, Index new_size,
                       const crypto::Digest& old_root, const crypto::Digest& new_root) {
  if (old_size > new_size) return false;
  if (old_size == new_size) return proof.empty() && old_root == new_root;
  if (old_size == 0) return proof.empty() && old_root == crypto::sha256("");
  Index at = old_size - 1, last = new_size - 1;
  while ((at & 1) != 0) {
    at >>= 1;
    last >>= 1;
  }
  crypto::Digest old_hash = old_root;
  if (at != 0) {
    if (proof.empty()) return false;
    old_hash = proof.front();
    proof = proof.subspan(1);
  }
  crypto::Digest new_hash = old_hash;
  for (const crypto::Digest& hash : proof) {
    if (last == 0) return false;
    if ((at & 1) != 0 || at == last) {
      old_hash = node_hash(hash, old_hash);
      new_hash = node_hash(hash, new_hash);
      while ((at & 1) == 0 && at != 0) {
        at >>= 1;
        last >>= 1;
      }
    } else {
      new_hash = node_hash(new_hash, hash);
    }
    at >>= 1;
    last >>= 1;
  }
  return last == 0 && old_hash == old_root && new_hash == new_root;
}

}  // namespace agentos::recorder
