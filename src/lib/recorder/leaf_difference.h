// Leaves stored as differences: in a busy log most of a leaf repeats an earlier one of its kind, and what limits such a
// log is the disk. FORMAT.md ("Differences") is the page. Only storage: what is hashed and signed is the whole leaf.
#pragma once

#include <array>
#include <expected>
#include <string>
#include <string_view>

#include "lib/recorder/format.h"

namespace agentos::recorder {

// Writes how `leaf` is made from `base` to `to`, which has room for leaf.size() octets; returns the octets used, or 0
// when they would not be clearly fewer than the leaf's. Precondition: both are at most kEntrySizeMax octets.
std::size_t write_difference(std::string_view base, std::string_view leaf, char* to);
// The other way; appends the leaf to `out`. False for octets that are no difference from `base`.
bool apply_difference(std::string_view base, std::string_view difference, std::string& out);

// The newest whole leaf of each group, for a writer (of one batch) and for a reader (of one segment).
class WholeLeaves {
 public:
  // The frame's leaf, whole, with the zero octet of its RFC 6962 hash before it; valid until the next call. What is
  // wrong with it otherwise.
  std::expected<std::string_view, const char*> leaf_of(const Frame& frame);
  void put(std::uint8_t group, std::string_view leaf) { leaves_[group].assign(leaf); }
  std::string_view of(std::uint8_t group) const { return leaves_[group]; }  // empty: none
  void clear() {
    for (auto& leaf : leaves_) leaf.clear();
  }

 private:
  std::array<std::string, kLeafGroups> leaves_;
  std::string made_;
};

}  // namespace agentos::recorder
