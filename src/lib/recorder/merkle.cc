// See RFC 6962 section 2.1 for the tree.
#include "lib/recorder/merkle.h"

#include <algorithm>
#include <bit>

namespace agentos::recorder {

Frontier::Frontier(std::uint64_t size, std::span<const crypto::Digest> nodes) : count_(nodes.size()), size_(size) {
  CHECK(static_cast<std::size_t>(std::popcount(size)) == nodes.size());
  std::copy(nodes.begin(), nodes.end(), nodes_.begin());
}

void Frontier::add(const crypto::Digest& leaf) {
  crypto::Digest hash = leaf;
  for (std::uint64_t rest = size_; (rest & 1) != 0; rest >>= 1) hash = node_hash(nodes_[--count_], hash);
  nodes_[count_++] = hash;
  ++size_;
}

crypto::Digest Frontier::root() const {
  if (count_ == 0) return crypto::sha256("");
  crypto::Digest hash = nodes_[count_ - 1];
  for (std::size_t i = count_ - 1; i > 0; --i) hash = node_hash(nodes_[i - 1], hash);
  return hash;
}

}  // namespace agentos::recorder
