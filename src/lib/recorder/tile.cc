// See https://c2sp.org/tlog-tiles for names and widths.
#include "lib/recorder/tile.h"

#include <fmt/format.h>

#include <charconv>
#include <cstring>

namespace agentos::recorder {

namespace {

constexpr std::string_view kTiledTitle = "agentos tiles v1\n";

std::string numbered(std::uint64_t index, std::size_t width) {
  std::string path = fmt::format("{:03}", index % 1000);
  for (index /= 1000; index > 0; index /= 1000) path = fmt::format("x{:03}/{}", index % 1000, path);
  if (width < kTileWidth) path += fmt::format(".p/{}", width);
  return path;
}

}  // namespace

std::string tile_path(unsigned level, std::uint64_t index, std::size_t width) {
  return fmt::format("{}/{}/{}", kTileFolder, level, numbered(index, width));
}

std::string bundle_path(std::uint64_t index, std::size_t width) {
  return fmt::format("{}/entries/{}", kTileFolder, numbered(index, width));
}

crypto::Digest tile_root(std::span<const crypto::Digest> hashes) {
  std::vector<crypto::Digest> row(hashes.begin(), hashes.end());
  for (std::size_t width = row.size() / 2; width > 0; width /= 2)
    for (std::size_t i = 0; i < width; ++i) row[i] = node_hash(row[2 * i], row[2 * i + 1]);
  return row.front();
}

Status TileStack::add(const crypto::Digest& leaf) {
  ++size_;
  crypto::Digest hash = leaf;
  for (unsigned level = 0;; ++level) {
    if (tiles_.size() <= level) tiles_.emplace_back().reserve(kTileWidth);
    auto& tile = tiles_[level];
    tile.push_back(hash);
    if (tile.size() < kTileWidth) return {};
    const unsigned height = kTileHeight * (level + 1);
    TRY(on_full_(level, (size_ >> height) - 1, tile));
    hash = tile_root(tile);
    tile.clear();
  }
}

crypto::Digest TileStack::root() const {
  std::optional<crypto::Digest> hash;
  for (unsigned level = 0; level < tiles_.size(); ++level) {
    std::span<const crypto::Digest> rest(tiles_[level]);
    for (std::size_t bit = 1; bit < kTileWidth; bit *= 2) {
      if ((rest.size() & bit) == 0) continue;
      const auto part = tile_root(rest.last(bit));
      hash = hash ? node_hash(part, *hash) : part;
      rest = rest.first(rest.size() - bit);
    }
  }
  return hash ? *hash : crypto::sha256("");
}

std::string tile_octets(std::span<const crypto::Digest> hashes) {
  return {reinterpret_cast<const char*>(hashes.data()), hashes.size_bytes()};
}

std::optional<std::vector<crypto::Digest>> parse_tile(std::string_view octets, std::size_t width) {
  if (octets.size() != width * sizeof(crypto::Digest)) return std::nullopt;
  std::vector<crypto::Digest> hashes(width);
  if (width > 0) std::memcpy(hashes.data(), octets.data(), octets.size());
  return hashes;
}

std::string tiled_text(const Tiled& tiled) {
  return fmt::format("{}{}\n{}\n", kTiledTitle, tiled.size,
                     tiled.content == TileContent::kHashes ? "hashes" : "hashes and entries");
}

Result<Tiled> parse_tiled(std::string_view text) {
  Tiled tiled;
  std::string_view rest = text;
  if (rest.starts_with(kTiledTitle)) rest.remove_prefix(kTiledTitle.size());
  std::from_chars(rest.data(), rest.data() + rest.size(), tiled.size);
  for (const TileContent content : {TileContent::kHashes, TileContent::kHashesAndEntries}) {
    tiled.content = content;
    if (tiled_text(tiled) == text) return tiled;
  }
  return fail(ErrorCode::kMalformed, "tile/tiled does not say how far tiles were built",
              "remove the folder tile: it is built again");
}

}  // namespace agentos::recorder
