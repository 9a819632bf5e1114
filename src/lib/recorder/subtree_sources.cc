// A subtree that begins among pruned entries is begun with the roots the oldest segment's header keeps; those are
// exactly the ones a proof about a kept entry needs.
#include "lib/recorder/subtree_sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/crypto/sha256_fast.h"
#include "lib/recorder/leaf_walk.h"
#include "lib/recorder/merkle.h"

namespace agentos::recorder {

namespace {

struct GrowingSubtree {
  Subtree place;
  std::size_t wanted_at = 0;  // where in the answer it goes
  Frontier tree;              // of its entries so far

  Index next() const { return place.first() + tree.size(); }
};

std::unexpected<Error> not_kept(const Subtree& subtree) {
  return fail(ErrorCode::kNotFound, fmt::format("entries {} to {} are not kept", subtree.first(), subtree.end() - 1),
              "they were pruned; what was proven of them before stays provable");
}

// What is known of the subtree before entry `pruned.size()`.
Status begin_subtree(GrowingSubtree& growing, const Frontier& pruned) {
  const Index first = growing.place.first(), base = pruned.size();
  if (first >= base) return {};
  std::vector<crypto::Digest> inside;
  Index at = 0;
  for (const crypto::Digest& node : pruned.nodes()) {
    const Index size = std::bit_floor(base - at);
    if (at == first && size == growing.place.end() - first) {
      growing.tree = Frontier(size, std::span(&node, 1));
      return {};
    }
    if (at >= first) inside.push_back(node);
    at += size;
  }
  if (growing.place.end() <= base) return not_kept(growing.place);
  // The subtree holds entry `base`, so one of the nodes begins where it does.
  growing.tree = Frontier(base - first, inside);
  return {};
}

}  // namespace

Result<std::vector<crypto::Digest>> SegmentSubtrees::roots_of(std::span<const Subtree> subtrees) {
  std::vector<crypto::Digest> roots(subtrees.size());
  const Frontier pruned = TRY(pruned_tree(disk_, directory_));
  std::vector<GrowingSubtree> growing;
  for (std::size_t i = 0; i < subtrees.size(); ++i) {
    GrowingSubtree one{subtrees[i], i, {}};
    TRY(begin_subtree(one, pruned));
    if (one.next() == one.place.end()) {
      roots[i] = one.tree.root();
    } else {
      growing.push_back(std::move(one));
    }
  }
  std::sort(growing.begin(), growing.end(),
            [](const GrowingSubtree& a, const GrowingSubtree& b) { return a.next() < b.next(); });
  // Stretches of entries that are wanted, one walk each: what lies between them is not read.
  for (std::size_t i = 0; i < growing.size();) {
    const Index first = growing[i].next();
    Index end = growing[i].place.end();
    std::size_t after = i + 1;
    while (after < growing.size() && growing[after].next() <= end) end = std::max(end, growing[after++].place.end());
    const std::span<GrowingSubtree> stretch(growing.data() + i, after - i);
    TRY(walk_leaves(disk_, directory_, first, end, [&](Index index, std::string_view leaf) -> Status {
      const auto hash = crypto::sha256_fast({leaf.data() - 1, leaf.size() + 1});
      for (GrowingSubtree& one : stretch)
        if (index == one.next() && index < one.place.end()) one.tree.add(hash);
      return {};
    }));
    for (GrowingSubtree& one : stretch) roots[one.wanted_at] = one.tree.root();
    i = after;
  }
  return roots;
}

TileSubtrees::TileSubtrees(Disk& disk, std::string directory) : disk_(disk), directory_(std::move(directory)) {
  const auto text = read_small_file(disk_, fmt::format("{}/{}/{}", directory_, kTileFolder, kTiledName), 4096);
  if (!text) return;
  if (const auto tiled = parse_tiled(*text)) tiled_ = *tiled;
}

const std::vector<crypto::Digest>* TileSubtrees::tile(unsigned level, std::uint64_t index) {
  const auto found = cached_.find({level, index});
  if (found != cached_.end()) return &found->second;
  const std::uint64_t hashes = tiled_.size >> (kTileHeight * level);
  if (index > hashes / kTileWidth) return nullptr;
  const std::size_t width = index < hashes / kTileWidth ? kTileWidth : static_cast<std::size_t>(hashes % kTileWidth);
  if (width == 0) return nullptr;
  const auto octets = read_small_file(disk_, directory_ + "/" + tile_path(level, index, width), kTileSize);
  if (!octets) return nullptr;
  auto parsed = parse_tile(*octets, width);
  if (!parsed) return nullptr;
  if (cached_.size() >= kCachedMax) cached_.clear();
  return &(cached_[{level, index}] = std::move(*parsed));
}

std::optional<crypto::Digest> TileSubtrees::from_tile(const Subtree& subtree) {
  if (subtree.end() > tiled_.size) return std::nullopt;
  const unsigned level = subtree.level / kTileHeight, height = subtree.level % kTileHeight;
  const std::uint64_t first = subtree.index << height;
  const auto* hashes = tile(level, first / kTileWidth);
  const std::size_t at = static_cast<std::size_t>(first % kTileWidth), count = std::size_t{1} << height;
  if (hashes == nullptr || at + count > hashes->size()) return std::nullopt;
  return tile_root(std::span(*hashes).subspan(at, count));
}

Result<std::vector<crypto::Digest>> TileSubtrees::roots_of(std::span<const Subtree> subtrees) {
  std::vector<crypto::Digest> roots(subtrees.size());
  std::vector<Subtree> missing;
  std::vector<std::size_t> missing_at;
  for (std::size_t i = 0; i < subtrees.size(); ++i) {
    if (const auto root = from_tile(subtrees[i])) {
      roots[i] = *root;
    } else {
      missing.push_back(subtrees[i]);
      missing_at.push_back(i);
    }
  }
  if (missing.empty()) return roots;
  const auto found = TRY(SegmentSubtrees(disk_, directory_).roots_of(missing));
  for (std::size_t i = 0; i < found.size(); ++i) roots[missing_at[i]] = found[i];
  return roots;
}

}  // namespace agentos::recorder
