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
        if (end <= tiled_.size) compare(tile_path(level, index, kTileWidth), tile_octets(hashes));
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
    found_ = Finding{"tile", tiled.error().message, name};
  }
}

void TileCheck::compare(const std::string& name, std::string_view octets) {
  if (found_) return;
  const auto file = read_small_file(disk_, directory_ + "/" + name, kTileFileMax);
  ++compared_;
  if (file && *file == octets) return;
  // Tiles that were built anew meanwhile are looked at the next time.
  const auto tiled = read_small_file(disk_, fmt::format("{}/{}/{}", directory_, kTileFolder, kTiledName), 4096);
  if (tiled.value_or("") != tiled_text_) {
    tiled_.size = 0;
    return;
  }
  found_ = Finding{"tile", file ? "the file is not what the entries make" : "the file is missing or unreadable", name};
}

void TileCheck::add(std::string_view leaf, const crypto::Digest& hash) {
  const Index index = stack_.size(), size = index + 1;
  if (index >= tiled_.size || found_) return;
  (void)stack_.add(hash);
  if (tiled_.content == TileContent::kHashesAndEntries) {
    bundle_ += static_cast<char>(leaf.size() >> 8);
    bundle_ += static_cast<char>(leaf.size() & 0xff);
    bundle_ += leaf;
    if (size % kTileWidth == 0 || size == tiled_.size) {
      const std::size_t width = size % kTileWidth == 0 ? kTileWidth : static_cast<std::size_t>(size % kTileWidth);
      compare(bundle_path(index / kTileWidth, width), bundle_);
      bundle_.clear();
    }
  }
  if (size != tiled_.size) return;
  for (unsigned level = 0; level < kTileLevelsMax; ++level) {
    const auto hashes = stack_.partial(level);
    if (hashes.empty()) continue;
    compare(tile_path(level, size >> (kTileHeight * (level + 1)), hashes.size()), tile_octets(hashes));
  }
}

Check TileCheck::finish() const {
  if (found_) return found_;
  if (stack_.size() >= tiled_.size) return {};
  return Finding{"tile", fmt::format("tiles were built for {} entries, the log holds {}", tiled_.size, stack_.size()),
                 fmt::format("{}/{}", kTileFolder, kTiledName)};
}

}  // namespace agentos::recorder
