// Tiles are what the specification says, whatever was deleted, damaged or cut off by a power failure.
#include "lib/recorder/tile.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "lib/recorder/disk_log.h"
#include "lib/recorder/leaf_walk.h"
#include "lib/recorder/log_proof.h"
#include "lib/recorder/merkle.h"
#include "lib/recorder/recovery.h"
#include "lib/recorder/segment_reader.h"
#include "lib/recorder/subtree_sources.h"
#include "lib/recorder/test_entries.h"
#include "lib/recorder/tile_builder.h"

namespace agentos::recorder {
namespace {

using testing::FakeWorld;

// A closed log of `entries` entries over several segments.
void write_entries(FakeWorld& world, FakeDisk& disk, int entries, Options options) {
  auto recorder = world.start(disk, std::move(options));
  for (int i = 0; i < entries; ++i) ASSERT_TRUE(recorder->append(testing::event("x")).has_value());
  ASSERT_TRUE(recorder->close().has_value());
}

std::unique_ptr<FakeDisk> tiled_log(int entries) {
  FakeWorld world;
  auto disk = std::make_unique<FakeDisk>();
  write_entries(world, *disk, entries, world.options());
  return disk;
}

Checkpoint newest(FakeDisk& disk) {
  const auto key = parse_verifier(disk.content("/log/log.pub"));
  return *open_checkpoint(*key, disk.content("/log/checkpoint"));
}

Result<TilesBuilt> build(FakeDisk& disk, TileContent content = TileContent::kHashes) {
  return build_tiles(disk, "/log", newest(disk), content);
}

std::vector<std::string> leaves_of(FakeDisk& disk) {
  std::vector<std::string> leaves;
  EXPECT_TRUE(read_log_on(disk, "/log", {}, [&](const StoredEntry& entry) {
    leaves.push_back(entry.leaf);
    return true;
  }));
  return leaves;
}

// Every tile there must be, by the words of the specification, and no partial one beside them.
void expect_tiles(FakeDisk& disk) {
  const auto leaves = leaves_of(disk);
  std::vector<crypto::Digest> row;
  for (const std::string& leaf : leaves) row.push_back(leaf_hash(leaf));
  std::size_t files = 0;
  for (unsigned level = 0; !row.empty(); ++level) {
    std::vector<crypto::Digest> above;
    for (std::size_t at = 0; at < row.size(); at += kTileWidth, ++files) {
      const std::size_t width = std::min(kTileWidth, row.size() - at);
      const std::string path = "/log/" + tile_path(level, at / kTileWidth, width);
      ASSERT_TRUE(disk.exists(path)) << path;
      const auto hashes = parse_tile(disk.content(path), width);
      ASSERT_TRUE(hashes.has_value()) << path;
      EXPECT_TRUE(std::equal(hashes->begin(), hashes->end(), row.begin() + static_cast<long>(at))) << path;
      if (width == kTileWidth) above.push_back(tile_root(*hashes));
    }
    row = std::move(above);
  }
  std::size_t found = 0;
  for (const std::string& name : disk.files_below("/log/tile"))
    found += name != "tiled" && name != "lock" && !name.starts_with("entries/") ? 1 : 0;
  EXPECT_EQ(found, files);
}

TEST(Tile, names_are_those_of_the_specification) {
  EXPECT_EQ(tile_path(0, 1234067, kTileWidth), "tile/0/x001/x234/067");
  EXPECT_EQ(tile_path(3, 0, 17), "tile/3/000.p/17");
  EXPECT_EQ(bundle_path(1000, kTileWidth), "tile/entries/x001/000");
}

TEST(Tile, files_hold_the_tree) {
  for (int entries : {1, 255, 256, 257, 3000}) {
    const auto disk = tiled_log(entries);
    const auto built = build(*disk);
    ASSERT_TRUE(built.has_value()) << built.error().message;
    EXPECT_EQ(built->size, static_cast<Index>(entries));
    expect_tiles(*disk);
    EXPECT_EQ(build(*disk)->files, 0U);  // again: nothing to do
  }
}

TEST(Tile, bundles_hold_the_leaves) {
  const auto disk = tiled_log(600);
  ASSERT_TRUE(build(*disk).has_value());
  ASSERT_TRUE(build(*disk, TileContent::kHashesAndEntries).has_value());
  expect_tiles(*disk);
  const auto leaves = leaves_of(*disk);
  std::string all;
  for (int i = 0; i < 3; ++i)
    all += disk->content("/log/" + bundle_path(static_cast<std::uint64_t>(i), i < 2 ? kTileWidth : 600 - 512));
  for (const std::string& leaf : leaves) {
    ASSERT_GE(all.size(), leaf.size() + 2);
    EXPECT_EQ(static_cast<std::size_t>(static_cast<unsigned char>(all[0]) * 256 + static_cast<unsigned char>(all[1])),
              leaf.size());
    EXPECT_EQ(all.substr(2, leaf.size()), leaf);
    all.erase(0, leaf.size() + 2);
  }
  EXPECT_TRUE(all.empty());
}

TEST(Tile, building_goes_on_where_it_stopped) {
  FakeWorld world;
  FakeDisk disk;
  for (int round = 0; round < 6; ++round) {
    write_entries(world, disk, 201 + round, world.options());
    const auto built = build(disk, round < 3 ? TileContent::kHashes : TileContent::kHashesAndEntries);
    ASSERT_TRUE(built.has_value());
    EXPECT_FALSE(built->anew);
    if (round != 3) EXPECT_EQ(built->from > 0, round > 0);
    expect_tiles(disk);
  }
}

// Proofs of some entries, each checked as a stranger would.
void expect_proofs(FakeDisk& disk, MadeFrom from) {
  const auto key = *parse_verifier(disk.content("/log/log.pub"));
  const Index size = newest(disk).size;
  for (Index index : {Index{0}, Index{255}, Index{256}, size / 2, size - 1}) {
    const auto made = make_inclusion(disk, "/log", index);
    ASSERT_TRUE(made.has_value()) << made.error().message;
    EXPECT_EQ(made->from, from) << index;
    const auto file = parse_inclusion(inclusion_text(made->file));
    ASSERT_TRUE(file.has_value());
    EXPECT_TRUE(check_inclusion(key, *file).has_value());
    InclusionFile other = *file;
    other.leaf += " ";
    EXPECT_FALSE(check_inclusion(key, other).has_value());
  }
  const auto leaves = leaves_of(disk);
  Frontier tree;
  for (Index old_size = 0; old_size <= size; ++old_size) {
    if (old_size % 499 == 0 || old_size == size) {
      const auto file = make_consistency(disk, "/log", old_size, std::nullopt);
      ASSERT_TRUE(file.has_value()) << file.error().message;
      EXPECT_TRUE(check_consistency(key, *file, tree.root()).has_value()) << old_size;
      if (old_size > 0) EXPECT_FALSE(check_consistency(key, *file, leaf_hash("other")).has_value());
    }
    if (old_size < size) tree.add(leaf_hash(leaves[old_size]));
  }
}

TEST(Tile, proofs_are_made_from_segments_and_from_tiles) {
  const auto disk = tiled_log(3000);
  expect_proofs(*disk, MadeFrom::kSegments);
  ASSERT_TRUE(build(*disk).has_value());
  expect_proofs(*disk, MadeFrom::kTiles);
  EXPECT_EQ(make_inclusion(*disk, "/log", 3000).error().code, ErrorCode::kInvalidArgument);
}

TEST(Tile, a_proof_is_right_whatever_became_of_the_tiles) {
  const auto disk = tiled_log(3000);
  ASSERT_TRUE(build(*disk).has_value());
  for (const std::string& name : disk->files_below("/log/tile")) {
    for (int damage = 0; damage < 3; ++damage) {
      const auto copy = disk->copy();
      const std::string path = "/log/tile/" + name;
      std::string content = copy->content(path);
      if (damage == 0) copy->erase(path);
      if (damage == 1) copy->set_content(path, content.substr(0, content.size() / 2));
      if (damage == 2) {
        for (char& octet : content) octet = static_cast<char>(octet ^ 1);
        copy->set_content(path, content);
      }
      for (Index index : {Index{3}, Index{1400}, Index{2999}}) {
        const auto made = make_inclusion(*copy, "/log", index);
        ASSERT_TRUE(made.has_value()) << path << " " << made.error().message;
      }
    }
  }
}

TEST(Tile, tiles_of_another_log_are_built_again) {
  const auto disk = tiled_log(1000), other = tiled_log(700);
  ASSERT_TRUE(build(*other).has_value());
  for (const std::string& name : other->files_below("/log/tile"))
    disk->set_content("/log/tile/" + name, other->content("/log/tile/" + name));
  // The other log has the same entries here: make it differ.
  std::string tile = disk->content("/log/tile/1/000.p/2");
  tile[5] = static_cast<char>(tile[5] ^ 1);
  disk->set_content("/log/tile/1/000.p/2", tile);
  const auto built = build(*disk);
  ASSERT_TRUE(built.has_value()) << built.error().message;
  EXPECT_TRUE(built->anew);
}

TEST(Tile, entries_that_are_kept_are_proven_after_pruning) {
  FakeWorld world;
  Options options = world.options();
  options.disk_bytes_max = 3 * kSegmentSizeMin;
  FakeDisk disk;
  write_entries(world, disk, 4000, options);
  const Index base = *segment_first(list_segments(disk, "/log")->front());
  ASSERT_GT(base, 0U);
  const auto key = *parse_verifier(disk.content("/log/log.pub"));
  for (Index index : {base, base + 1, base + 77, Index{3999}}) {
    const auto made = make_inclusion(disk, "/log", index);
    ASSERT_TRUE(made.has_value()) << made.error().message;
    EXPECT_TRUE(check_inclusion(key, made->file).has_value());
  }
  EXPECT_EQ(make_inclusion(disk, "/log", base - 1).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(make_consistency(disk, "/log", base, std::nullopt).has_value());
  EXPECT_EQ(build(disk).error().code, ErrorCode::kNotFound);
}

TEST(Tile, one_builder_at_a_time) {
  const auto disk = tiled_log(10);
  const auto held = disk->lock("/log/tile/lock");
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(build(*disk).error().code, ErrorCode::kBusy);
}

// Without any of the syncs in tile_builder.cc this finds tiles that are counted and not there.
TEST(Tile, what_is_counted_is_whole_after_a_power_failure_anywhere) {
  const auto before = tiled_log(700);
  const auto counting = before->copy();
  ASSERT_TRUE(build(*counting, TileContent::kHashesAndEntries).has_value());
  const std::uint64_t changes = counting->changes();
  for (std::uint64_t point = 0; point <= changes; ++point) {
    const auto disk = before->copy();
    disk->fail_after(point, 5);
    (void)build(*disk, TileContent::kHashesAndEntries);
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      const auto after = disk->after_power_failure(seed);
      TileSubtrees tiles(*after, "/log");
      if (tiles.tiled() > 0) {
        ASSERT_EQ(tiles.tiled(), 700U);
        expect_tiles(*after);
        EXPECT_TRUE(after->exists("/log/" + bundle_path(2, 700 - 512)));
      }
      EXPECT_TRUE(build(*after).has_value());
      EXPECT_TRUE(make_inclusion(*after, "/log", 600).has_value());
    }
  }
}

TEST(Tile, a_walk_begins_anywhere) {
  const auto disk = tiled_log(2500);
  const auto leaves = leaves_of(*disk);
  for (Index first = 0; first < 2500; first += 61) {
    Index next = first;
    ASSERT_TRUE(walk_leaves(*disk, "/log", first, std::min<Index>(first + 130, 2500),
                            [&](Index index, std::string_view leaf) -> Status {
                              EXPECT_EQ(index, next++);
                              EXPECT_EQ(leaf, leaves[index]);
                              return {};
                            })
                    .has_value());
    EXPECT_EQ(next, std::min<Index>(first + 130, 2500));
  }
}

// A recorder as programs open it: with threads of its own for tiles and segments.
std::unique_ptr<Recorder> start_ahead(FakeWorld& world, FakeDisk& disk, Options options) {
  options.checkpoint_interval_ms = 1;
  auto recorder = open_recorder(std::move(options), world.clock, world.random, disk, Preparation::kAhead);
  if (!recorder) throw std::runtime_error(recorder.error().message);
  return std::move(*recorder);
}

// Appends until tiles cover more than `entries`, for 20 s at most.
bool append_until_tiled(FakeWorld& world, Recorder& recorder, Index entries) {
  for (int round = 0; round < 2000; ++round) {
    for (int i = 0; i < 50; ++i)
      if (!recorder.append(testing::event("x"))) return false;
    world.clock.advance_us(10'000);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    if (recorder.stats().tiled > entries) return true;
  }
  return false;
}

TEST(TilesWhileRunning, are_built_when_a_segment_is_full_and_lead_to_a_signed_root) {
  FakeWorld world;
  FakeDisk disk;
  auto recorder = start_ahead(world, disk, world.options());
  ASSERT_TRUE(append_until_tiled(world, *recorder, 0)) << recorder->stats().tiles_error;
  EXPECT_EQ(recorder->stats().tiles_error, "");
  ASSERT_TRUE(recorder->close().has_value());
  const auto report = verify_log_on(disk, "/log");
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->valid) << report->problem;
  EXPECT_GT(report->tiles, 0U);
  ASSERT_TRUE(build(disk).has_value());
  expect_tiles(disk);  // and no partial tile of the checkpoint before is left
}

TEST(TilesWhileRunning, go_on_in_the_next_run_and_are_not_asked_for_twice) {
  FakeWorld world;
  FakeDisk disk;
  auto recorder = start_ahead(world, disk, world.options());
  ASSERT_TRUE(append_until_tiled(world, *recorder, 0));
  ASSERT_TRUE(recorder->close().has_value());
  recorder.reset();
  recorder = start_ahead(world, disk, world.options());
  const Index before = recorder->stats().tiled;
  EXPECT_GT(before, 0U);
  ASSERT_TRUE(append_until_tiled(world, *recorder, before)) << recorder->stats().tiles_error;
  ASSERT_TRUE(recorder->close().has_value());
}

TEST(TilesWhileRunning, that_cannot_be_built_stop_nobody_and_are_told) {
  FakeWorld world;
  FakeDisk disk;
  auto recorder = start_ahead(world, disk, world.options());
  const auto lock = disk.lock("/log/tile/lock");  // as if somebody else built them for ever
  for (int round = 0; round < 2000 && recorder->stats().tiles_error.empty(); ++round) {
    ASSERT_TRUE(recorder->append(testing::event("x")).has_value());
    world.clock.advance_us(1000);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_NE(recorder->stats().tiles_error.find("another process builds"), std::string::npos);
  EXPECT_TRUE(recorder->health().has_value());
  ASSERT_TRUE(recorder->close().has_value());
  EXPECT_TRUE(verify_log_on(disk, "/log")->valid);
}

TEST(TilesInterrupted, are_gone_on_from_where_they_were_stopped) {
  const auto disk = tiled_log(3000);
  int asked = 0;
  const auto stopped = build_tiles(*disk, "/log", newest(*disk), TileContent::kHashes, [&] { return ++asked <= 5; });
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);
  EXPECT_TRUE(verify_log_on(*disk, "/log")->valid);
  const auto built = build(*disk);
  ASSERT_TRUE(built.has_value());
  EXPECT_EQ(built->from, 5 * kTileWidth);
  EXPECT_FALSE(built->anew);
  expect_tiles(*disk);
}

TEST(TilesOfPrunedEntries, lose_their_leaves_and_keep_their_hashes) {
  FakeWorld world;
  FakeDisk disk;
  Options options = world.options();
  options.disk_bytes_max = 0;
  write_entries(world, disk, 3000, options);
  ASSERT_TRUE(build(disk, TileContent::kHashesAndEntries).has_value());
  ASSERT_TRUE(disk.exists("/log/" + bundle_path(0, kTileWidth)));
  options.disk_bytes_max = 2 * options.segment_bytes;
  write_entries(world, disk, 300, options);
  const auto pruned = pruned_tree(disk, "/log");
  ASSERT_GT(pruned->size(), 2 * kTileWidth);
  ASSERT_TRUE(build(disk).has_value());
  for (std::uint64_t i = 0; i < 3000 / kTileWidth; ++i) {
    EXPECT_TRUE(disk.exists("/log/" + tile_path(0, i, kTileWidth))) << i;
    EXPECT_EQ(disk.exists("/log/" + bundle_path(i, kTileWidth)), i >= pruned->size() / kTileWidth) << i;
  }
}

}  // namespace
}  // namespace agentos::recorder
