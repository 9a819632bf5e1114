// Order: files and their folders durable, then `tile/tiled`, then the partial tiles of the size before are removed.
#include "lib/recorder/tile_builder.h"

#include <fmt/format.h>

#include <set>

#include "base/crypto/sha256_fast.h"
#include "lib/recorder/leaf_walk.h"

namespace agentos::recorder {

namespace {

constexpr std::string_view kTileLock = "lock";

std::size_t partial_width(Index size, unsigned level) {
  return static_cast<std::size_t>((size >> (kTileHeight * level)) % kTileWidth);
}

class TileBuilder {
 public:
  TileBuilder(Disk& disk, const std::string& directory, TileContent content, const std::function<bool()>& go_on)
      : disk_(disk),
        directory_(directory),
        content_(content),
        go_on_(go_on),
        stack_([this](auto level, auto index, auto hashes) {
          return write(tile_path(level, index, kTileWidth), tile_octets(hashes));
        }) {}

  // What `tile/tiled` says is there; begins with nothing when that cannot be gone on from.
  void resume();
  Status run(Index size);
  Status finish(Index size);
  crypto::Digest root() const { return stack_.root(); }

  TilesBuilt built;

 private:
  Status write(const std::string& name, std::string_view octets);
  Status add(Index index, std::string_view leaf);
  std::optional<std::vector<std::vector<crypto::Digest>>> read_partials(Index size);
  bool read_bundle(Index size);
  Status remove_partials(Index size);
  Status remove_pruned_bundles();

  Disk& disk_;
  const std::string& directory_;
  TileContent content_;
  const std::function<bool()>& go_on_;
  TileStack stack_;
  std::string bundle_;
  Tiled before_;
  std::set<std::string> folders_;  // with files that were written; bounded: a thousand files each
};

Status TileBuilder::write(const std::string& name, std::string_view octets) {
  const std::string path = fmt::format("{}/{}", directory_, name);
  const std::string folder = path.substr(0, path.rfind('/'));
  if (!folders_.contains(folder)) {
    TRY(disk_.make_directory(folder));
    folders_.insert(folder);
  }
  auto file = TRY(disk_.create(path));
  TRY(file->write_at(0, octets));
  TRY(file->sync());
  ++built.files;
  return {};
}

Status TileBuilder::add(Index index, std::string_view leaf) {
  if (content_ == TileContent::kHashesAndEntries) {
    bundle_ += static_cast<char>(leaf.size() >> 8);
    bundle_ += static_cast<char>(leaf.size() & 0xff);
    bundle_ += leaf;
    if ((index + 1) % kTileWidth == 0) {
      TRY(write(bundle_path(index / kTileWidth, kTileWidth), bundle_));
      bundle_.clear();
    }
  }
  return stack_.add(crypto::sha256_fast({leaf.data() - 1, leaf.size() + 1}));
}

std::optional<std::vector<std::vector<crypto::Digest>>> TileBuilder::read_partials(Index size) {
  std::vector<std::vector<crypto::Digest>> partials;
  for (unsigned level = 0; level < kTileLevelsMax && (size >> (kTileHeight * level)) > 0; ++level) {
    const std::size_t width = partial_width(size, level);
    auto& tile = partials.emplace_back();
    tile.reserve(kTileWidth);
    if (width == 0) continue;
    const std::string name = tile_path(level, size >> (kTileHeight * (level + 1)), width);
    const auto octets = read_small_file(disk_, directory_ + "/" + name, kTileSize);
    auto hashes = octets ? parse_tile(*octets, width) : std::nullopt;
    if (!hashes) return std::nullopt;
    tile.insert(tile.end(), hashes->begin(), hashes->end());
  }
  return partials;
}

bool TileBuilder::read_bundle(Index size) {
  const std::size_t width = size % kTileWidth;
  if (content_ == TileContent::kHashes || width == 0) return true;
  auto octets = read_small_file(disk_, directory_ + "/" + bundle_path(size / kTileWidth, width), kBundleSizeMax);
  if (octets) bundle_ = std::move(*octets);
  return octets.has_value();
}

void TileBuilder::resume() {
  const auto text = read_small_file(disk_, fmt::format("{}/{}/{}", directory_, kTileFolder, kTiledName), 4096);
  const auto tiled = text ? parse_tiled(*text) : Result<Tiled>(Tiled{});
  if (!tiled) return;
  before_ = *tiled;
  if (before_.content == TileContent::kHashesAndEntries) content_ = before_.content;
  if (before_.content != content_) return;  // the entries of all tiles are wanted
  auto partials = read_partials(before_.size);
  if (!partials || !read_bundle(before_.size)) return;
  built.from = before_.size;
  stack_.resume(before_.size, std::move(*partials));
}

Status TileBuilder::run(Index size) {
  const Status walked =
      walk_leaves(disk_, directory_, stack_.size(), size, [this](Index index, std::string_view leaf) -> Status {
        if (index % kTileWidth == 0 && go_on_ && !go_on_())
          return fail(ErrorCode::kCancelled, "the tiles are built further later");
        return add(index, leaf);
      });
  if (!walked && walked.error().code == ErrorCode::kCancelled && stack_.size() > before_.size)
    TRY(finish(stack_.size()));
  return walked;
}

std::set<std::string> partial_names(Index size) {
  std::set<std::string> names;
  for (unsigned level = 0; level < kTileLevelsMax && (size >> (kTileHeight * level)) > 0; ++level)
    if (const std::size_t width = partial_width(size, level); width > 0)
      names.insert(tile_path(level, size >> (kTileHeight * (level + 1)), width));
  if (size % kTileWidth > 0) names.insert(bundle_path(size / kTileWidth, size % kTileWidth));
  return names;
}

// Those of the size before that are not those of this one.
Status TileBuilder::remove_partials(Index size) {
  const auto kept = partial_names(size);
  for (const std::string& name : partial_names(before_.size)) {
    if (kept.contains(name)) continue;
    auto removed = disk_.remove(directory_ + "/" + name);
    if (!removed && removed.error().code != ErrorCode::kNotFound) return removed;
  }
  return {};
}

// The leaves of entries that retention took: oldest first, so that what an interrupted removal left is found again.
Status TileBuilder::remove_pruned_bundles() {
  if (content_ == TileContent::kHashes) return {};
  std::uint64_t end = TRY(pruned_tree(disk_, directory_)).size() / kTileWidth;
  std::vector<std::string> found;
  for (; end > 0; --end) {
    const std::string path = directory_ + "/" + bundle_path(end - 1, kTileWidth);
    if (!disk_.open_for_reading(path)) break;
    found.push_back(path);
  }
  for (auto path = found.rbegin(); path != found.rend(); ++path) TRY(disk_.remove(*path));
  return {};
}

Status TileBuilder::finish(Index size) {
  for (unsigned level = 0; level < kTileLevelsMax; ++level) {
    const auto hashes = stack_.partial(level);
    if (!hashes.empty())
      TRY(write(tile_path(level, size >> (kTileHeight * (level + 1)), hashes.size()), tile_octets(hashes)));
  }
  if (!bundle_.empty()) TRY(write(bundle_path(size / kTileWidth, size % kTileWidth), bundle_));
  for (const std::string& folder : folders_) TRY(disk_.sync_directory(folder));
  TRY(replace_file(disk_, fmt::format("{}/{}", directory_, kTileFolder), std::string(kTiledName),
                   tiled_text({size, content_})));
  TRY(remove_partials(size));
  TRY(remove_pruned_bundles());
  built.size = size;
  return {};
}

}  // namespace

Result<TilesBuilt> build_tiles(Disk& disk, const std::string& directory, const Checkpoint& checkpoint,
                               TileContent content, const std::function<bool()>& go_on) {
  const std::string folder = fmt::format("{}/{}", directory, kTileFolder);
  TRY(disk.make_directory(folder));
  const auto lock = disk.lock(fmt::format("{}/{}", folder, kTileLock));
  if (!lock && lock.error().code == ErrorCode::kBusy)
    return fail(ErrorCode::kBusy, fmt::format("another process builds the tiles in {}", folder), "try again later");
  if (!lock) return std::unexpected(lock.error());
  {
    TileBuilder builder(disk, directory, content, go_on);
    builder.resume();
    if (builder.built.from == checkpoint.size && builder.root() == checkpoint.root) {
      builder.built.size = checkpoint.size;
      return builder.built;
    }
    if (builder.built.from < checkpoint.size) {
      TRY(builder.run(checkpoint.size));
      if (builder.root() == checkpoint.root) {
        TRY(builder.finish(checkpoint.size));
        return builder.built;
      }
    }
  }
  TileBuilder builder(disk, directory, content, go_on);
  builder.built.anew = true;
  TRY(builder.run(checkpoint.size));
  if (builder.root() != checkpoint.root)
    return fail(
        ErrorCode::kCorrupt,
        fmt::format("{}: the root of the first {} entries is not the one that was signed", directory, checkpoint.size),
        "run: agentos log verify");
  TRY(builder.finish(checkpoint.size));
  return builder.built;
}

}  // namespace agentos::recorder
