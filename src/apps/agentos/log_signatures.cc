// Files that are missing or malformed read as nothing.
#include "apps/agentos/log_signatures.h"

#include <fmt/format.h>

#include "lib/recorder/recovery.h"
#include "lib/recorder/seal.h"
#include "lib/recorder/subtree_sources.h"

namespace agentos::cli {
namespace {

struct Signatures {
  std::int64_t covered = 0, epoch = -1, cosigned = 0, tiled = 0;
};

Signatures read_signatures(const std::string& directory) {
  Signatures found;
  const auto disk = recorder::make_real_disk();
  const auto read = [&](std::string_view name) {
    return recorder::read_small_file(*disk, fmt::format("{}/{}", directory, name), recorder::kNoteSizeMax).value_or("");
  };
  const auto size_of_note = [&](std::string_view name) {
    const auto note = recorder::parse_note(read(name));
    const auto checkpoint = note ? recorder::parse_checkpoint_body(note->body) : std::unexpected(note.error());
    return checkpoint ? static_cast<std::int64_t>(checkpoint->size) : 0;
  };
  found.covered = size_of_note(recorder::kCheckpointName);
  found.cosigned = size_of_note(recorder::kCosignedName);
  found.tiled = static_cast<std::int64_t>(recorder::TileSubtrees(*disk, directory).tiled());
  const auto key = recorder::parse_seal_verifier(read(recorder::kSealVerifierName));
  const auto note = recorder::parse_note(read(recorder::kCheckpointName));
  if (!key || !note) return found;
  const auto line = recorder::find_seal_line(*key, *note);
  if (line && *line) found.epoch = static_cast<std::int64_t>((*line)->epoch);
  return found;
}

}  // namespace

json::Value signatures_of(const std::string& directory) {
  const Signatures found = read_signatures(directory);
  json::Object out;
  out["signed"] = found.covered;
  out["epoch"] = found.epoch;
  out["cosigned"] = found.cosigned;
  out["tiled"] = found.tiled;
  return json::Value(std::move(out));
}

std::string signatures_line(const std::string& directory) {
  const Signatures found = read_signatures(directory);
  std::string line = fmt::format("signed: {} entries", found.covered);
  line += found.epoch < 0 ? ", not sealed" : fmt::format(", sealed in epoch {}", found.epoch);
  if (found.cosigned > 0) line += fmt::format("; cosigned: {}", found.cosigned);
  if (found.tiled > 0) line += fmt::format("; tiles: {}", found.tiled);
  return line;
}

}  // namespace agentos::cli
