// Full tiles are compared when they are full, partial ones at the size tiles were built for.
#include "lib/recorder/tile_check.h"

#include <fmt/format.h>

namespace agentos::recorder {

namespace {

constexpr std::size_t kTileFileMax = kBundleSizeMax;

}  // namespace

TileCheck::TileCheck(Disk& disk, const std::string& directory, Index base)
    : disk_(disk), directory_(directory), stack_([this](auto level, auto index, auto hashes) -> Status {
        const auto end = (index + 1) << (kTileHeight * (level + 1));
        if (end <= tiled_.size && !found_) found_ = compare(tile_path(level, index, kTileWidth), tile_octets(hashes));
        return {};
      }) {
  if (base > 0) return;
  const std::string name = fmt::format("{}/{}", kTileFolder, kTiledName);
  const auto text = read_small_file(disk_, fmt::format("{}/{}", directory_, name), 4096);
  if (!text) return;
  tiled_text_ = *text;
  if (const auto tiled = parse_tiled(*text)) {
    tiled_ = *tiled;
  } else {
    malformed_ = Finding{"tile", tiled.error().message, name};
    tiled_.size = 1;
  }
}

Check TileCheck::compare(const std::string& name, std::string_view octets) {
  const auto file = read_small_file(disk_, directory_ + "/" + name, kTileFileMax);
  ++compared_;
  const bool same = file && *file == octets;
  // Tiles that were built anew meanwhile are looked at the next time.
  if (!same &&
      read_small_file(disk_, fmt::format("{}/{}/{}", directory_, kTileFolder, kTiledName), 4096).value_or("") !=
          tiled_text_) {
    tiled_.size = 0;
    return {};
  }
  if (!file) return Finding{"tile", "the file is missing or unreadable", name};
  if (!same) return Finding{"tile", "the file is not what the entries make", name};
  return {};
}

Check TileCheck::add(std::string_view leaf, const crypto::Digest& hash) {
  if (malformed_) return malformed_;
  const Index index = stack_.size();
  if (index >= tiled_.size) return {};
  (void)stack_.add(hash);
  if (found_) return found_;
  const Index size = index + 1;
  if (tiled_.content == TileContent::kHashesAndEntries) {
    bundle_ += static_cast<char>(leaf.size() >> 8);
    bundle_ += static_cast<char>(leaf.size() & 0xff);
    bundle_ += leaf;
    if (size % kTileWidth == 0 || size == tiled_.size) {
      const std::size_t width = size % kTileWidth == 0 ? kTileWidth : static_cast<std::size_t>(size % kTileWidth);
      if (auto wrong = compare(bundle_path(index / kTileWidth, width), bundle_)) return wrong;
      bundle_.clear();
    }
  }
  if (size < tiled_.size) return {};
  for (unsigned level = 0; level < kTileLevelsMax; ++level) {
    const auto hashes = stack_.partial(level);
    if (hashes.empty()) continue;
    const std::string name = tile_path(level, size >> (kTileHeight * (level + 1)), hashes.size());
    if (auto wrong = compare(name, tile_octets(hashes))) return wrong;
  }
  return {};
}

Check TileCheck::finish() const {
  if (malformed_) return malformed_;
  if (stack_.size() >= tiled_.size) return {};
  return Finding{"tile", fmt::format("tiles were built for {} entries, the log holds {}", tiled_.size, stack_.size()),
                 fmt::format("{}/{}", kTileFolder, kTiledName)};
}

}  // namespace agentos::recorder
