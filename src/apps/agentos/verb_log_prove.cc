// agentos log prove, tiles: proofs anybody can check, and the tiles they are read from.
#include <fmt/format.h>

#include <chrono>

#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "base/io/file.h"
#include "lib/recorder/log_proof.h"
#include "lib/recorder/recovery.h"
#include "lib/recorder/subtree_sources.h"
#include "lib/recorder/tile_builder.h"

namespace agentos::cli {
namespace {

constexpr recorder::Index kUntiledMax = 4096;  // so many entries behind the tiles are quickly read from segments

Result<recorder::Checkpoint> newest_checkpoint(recorder::Disk& disk, const std::string& directory) {
  const auto read = [&](std::string_view name) {
    return recorder::read_small_file(disk, fmt::format("{}/{}", directory, name), recorder::kNoteSizeMax);
  };
  const auto key = TRY(recorder::parse_verifier(TRY(read(recorder::kVerifierName))));
  return recorder::open_checkpoint(key, TRY(read(recorder::kCheckpointName)));
}

// A log that cannot be written to is proven from its segments.
Status build_when_far_behind(recorder::Disk& disk, const std::string& directory) {
  const auto checkpoint = TRY(newest_checkpoint(disk, directory));
  if (checkpoint.size - std::min(checkpoint.size, recorder::TileSubtrees(disk, directory).tiled()) > kUntiledMax)
    (void)recorder::build_tiles(disk, directory, checkpoint, recorder::TileContent::kHashes);
  return {};
}

int say_proof(const Globals& globals, const ProofOptions& options, const std::string& text, json::Object rows) {
  if (options.out.empty() && globals.format != Format::kJson) {
    print(text);
    return kExitOk;
  }
  if (options.out.empty()) {
    rows["proof"] = text;
  } else {
    rows["file"] = options.out;
  }
  if (globals.format == Format::kJson) {
    print_json(json::Value(std::move(rows)));
    return kExitOk;
  }
  print(fmt::format("{}: {} hashes, signed over {} entries\n", printable(options.out), rows.find("hashes")->as_int(),
                    rows.find("size")->as_int()));
  return kExitOk;
}

Result<int> prove_entry(const Globals& globals, const ProofOptions& options, recorder::Disk& disk,
                        const std::string& directory) {
  const auto made = TRY(recorder::make_inclusion(disk, directory, *options.entry));
  const std::string text = recorder::inclusion_text(made.file);
  if (!options.out.empty()) TRY(io::write_file_atomic(options.out, text, 0644));
  const auto note = TRY(recorder::parse_note(made.file.note));
  json::Object rows;
  rows["index"] = static_cast<std::int64_t>(made.file.index);
  rows["size"] = static_cast<std::int64_t>(TRY(recorder::parse_checkpoint_body(note.body)).size);
  rows["hashes"] = static_cast<std::int64_t>(made.file.proof.size());
  rows["signatures"] = static_cast<std::int64_t>(note.lines.size());
  rows["leaf"] = made.file.leaf;
  return say_proof(globals, options, text, std::move(rows));
}

Result<int> prove_consistency_of(const Globals& globals, const ProofOptions& options, recorder::Disk& disk,
                                 const std::string& directory) {
  const auto old_size = options.sizes[0];
  const auto new_size = options.sizes.size() > 1 ? std::optional(options.sizes[1]) : std::nullopt;
  const auto file = TRY(recorder::make_consistency(disk, directory, old_size, new_size));
  const std::string text = recorder::consistency_text(file);
  if (!options.out.empty()) TRY(io::write_file_atomic(options.out, text, 0644));
  json::Object rows;
  rows["old_size"] = static_cast<std::int64_t>(old_size);
  rows["size"] = static_cast<std::int64_t>(new_size.value_or(TRY(newest_checkpoint(disk, directory)).size));
  rows["hashes"] = static_cast<std::int64_t>(file.proof.size());
  return say_proof(globals, options, text, std::move(rows));
}

}  // namespace

Result<int> verb_log_prove(const Globals& globals, const ProofOptions& options) {
  if (options.entry.has_value() == !options.sizes.empty())
    return fail(ErrorCode::kInvalidArgument, "either an entry is proven or a consistency",
                "agentos log prove ENTRY, or agentos log prove --consistency OLD");
  const std::string directory = TRY(log_directory_of(globals, options.directory));
  const auto disk = recorder::make_real_disk();
  TRY(build_when_far_behind(*disk, directory));
  return options.entry ? prove_entry(globals, options, *disk, directory)
                       : prove_consistency_of(globals, options, *disk, directory);
}

Result<int> verb_log_tiles(const Globals& globals, const ProofOptions& options) {
  const std::string directory = TRY(log_directory_of(globals, options.directory));
  const auto disk = recorder::make_real_disk();
  const auto built = TRY(recorder::build_tiles(
      *disk, directory, TRY(newest_checkpoint(*disk, directory)),
      options.bundles ? recorder::TileContent::kHashesAndEntries : recorder::TileContent::kHashes));
  if (globals.format == Format::kJson) {
    json::Object out;
    out["directory"] = directory;
    out["from"] = static_cast<std::int64_t>(built.from);
    out["size"] = static_cast<std::int64_t>(built.size);
    out["files"] = static_cast<std::int64_t>(built.files);
    out["anew"] = built.anew;
    print_json(json::Value(std::move(out)));
    return kExitOk;
  }
  print(fmt::format("tiles of {} entries, {} files written{}\n", built.size, built.files,
                    built.anew ? "; what was there was not this log's" : ""));
  return kExitOk;
}

}  // namespace agentos::cli
