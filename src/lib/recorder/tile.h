// The files of C2SP tlog-tiles below a log's directory: names, content, and the stack of tiles a walk over leaves
// fills.
//
// tile/<L>/<N> holds 256 hashes of level 8 L; tile/entries/<N> the 256 leaves, each behind its size as two octets, big-
// endian; with .p/<W> behind the name they hold W. Source: https://c2sp.org/tlog-tiles.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/recorder/proof.h"

namespace agentos::recorder {

inline constexpr std::size_t kTileWidth = 256;
inline constexpr unsigned kTileHeight = 8;
inline constexpr unsigned kTileLevelsMax = 8;  // 2^64 entries
inline constexpr std::size_t kTileSize = kTileWidth * sizeof(crypto::Digest);
inline constexpr std::size_t kBundleSizeMax = kTileWidth * (2 + kEntrySizeMax);
inline constexpr std::string_view kTileFolder = "tile";
inline constexpr std::string_view kTiledName = "tiled";  // in it: how far tiles were built

enum class TileContent : std::uint8_t { kHashes, kHashesAndEntries };

// "tile/1/x001/234", "tile/entries/000.p/17"; `width` 256 is a full one.
std::string tile_path(unsigned level, std::uint64_t index, std::size_t width);
std::string bundle_path(std::uint64_t index, std::size_t width);

// The hash `height` levels above `hashes`. Precondition: there are 2^height.
crypto::Digest tile_root(std::span<const crypto::Digest> hashes);

// The rightmost tile of each level while leaves are added. 64 KiB at most.
class TileStack {
 public:
  // Called with each tile that becomes full.
  using OnFull = std::function<Status(unsigned level, std::uint64_t index, std::span<const crypto::Digest> hashes)>;

  explicit TileStack(OnFull on_full) : on_full_(std::move(on_full)) {}

  Status add(const crypto::Digest& leaf);
  Index size() const { return size_; }
  std::span<const crypto::Digest> partial(unsigned level) const {
    return level < tiles_.size() ? std::span<const crypto::Digest>(tiles_[level]) : std::span<const crypto::Digest>();
  }
  crypto::Digest root() const;

  // Goes on from a size whose partial tiles are given, lowest level first.
  void resume(Index size, std::vector<std::vector<crypto::Digest>> partials) {
    size_ = size;
    tiles_ = std::move(partials);
  }

 private:
  OnFull on_full_;
  Index size_ = 0;
  std::vector<std::vector<crypto::Digest>> tiles_;
};

// Octets of a tile, and back; nothing for a size that is no tile of `width` hashes.
std::string tile_octets(std::span<const crypto::Digest> hashes);
std::optional<std::vector<crypto::Digest>> parse_tile(std::string_view octets, std::size_t width);

// `tile/tiled`: the size tiles were built for, and of what.
struct Tiled {
  Index size = 0;
  TileContent content = TileContent::kHashes;
};
std::string tiled_text(const Tiled& tiled);
Result<Tiled> parse_tiled(std::string_view text);

}  // namespace agentos::recorder
