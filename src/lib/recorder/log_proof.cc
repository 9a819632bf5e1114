// The files are texts with one spelling; reading one insists on it.
#include "lib/recorder/log_proof.h"

#include <fmt/format.h>

#include <charconv>
#include <cstring>

#include "lib/recorder/leaf_walk.h"
#include "lib/recorder/recovery.h"
#include "lib/recorder/subtree_sources.h"
#include "lib/recorder/tile_builder.h"

namespace agentos::recorder {

namespace {

constexpr std::string_view kInclusionTitle = "c2sp.org/tlog-proof@v1";

// Takes lines off the front of a text.
class LineReader {
 public:
  explicit LineReader(std::string_view text) : rest_(text) {}

  // Nothing at the end, or behind the last newline.
  std::optional<std::string_view> next() {
    const auto end = rest_.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const auto line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }
  bool next_starts_with(std::string_view prefix) const { return rest_.starts_with(prefix); }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

std::optional<std::uint64_t> number_after(std::optional<std::string_view> line, std::string_view word) {
  if (!line || !line->starts_with(word)) return std::nullopt;
  line->remove_prefix(word.size());
  std::uint64_t number = 0;
  std::from_chars(line->data(), line->data() + line->size(), number);
  if (fmt::to_string(number) != *line) return std::nullopt;
  return number;
}

// Hashes to the empty line behind them.
std::optional<Proof> read_hashes(LineReader& lines) {
  Proof proof;
  for (auto line = lines.next(); line; line = lines.next()) {
    if (line->empty()) return proof;
    const auto octets = crypto::from_base64(*line);
    if (!octets || octets->size() != sizeof(crypto::Digest) || proof.size() >= kProofHashesMax) return std::nullopt;
    std::memcpy(proof.emplace_back().data(), octets->data(), octets->size());
  }
  return std::nullopt;
}

std::string hash_lines(const Proof& proof) {
  std::string text;
  for (const crypto::Digest& hash : proof) text += crypto::base64(crypto::view(hash)) + "\n";
  return text;
}

std::unexpected<Error> no_proof(std::string_view what) {
  return fail(ErrorCode::kMalformed, fmt::format("the file is not {}", what), "make it with: agentos log prove");
}

// What is signed of a directory.
struct SignedLog {
  NoteVerifier verifier;
  std::string note;
  Checkpoint checkpoint;
};

Result<SignedLog> read_signed_log(Disk& disk, const std::string& directory) {
  SignedLog log;
  log.verifier =
      TRY(parse_verifier(TRY(read_small_file(disk, fmt::format("{}/{}", directory, kVerifierName), kNoteSizeMax))));
  log.note = TRY(read_small_file(disk, fmt::format("{}/{}", directory, kCheckpointName), kNoteSizeMax));
  log.checkpoint = TRY(open_checkpoint(log.verifier, log.note));
  return log;
}

// The newest note that witnesses signed too; nothing when there is none, or it is no good.
std::optional<SignedLog> read_cosigned(Disk& disk, const std::string& directory, const NoteVerifier& verifier) {
  auto note = read_small_file(disk, fmt::format("{}/{}", directory, kCosignedName), kNoteSizeMax);
  if (!note) return std::nullopt;
  auto checkpoint = open_checkpoint(verifier, *note);
  if (!checkpoint) return std::nullopt;
  return SignedLog{verifier, std::move(*note), std::move(*checkpoint)};
}

Result<std::string> read_leaf_text(Disk& disk, const std::string& directory, Index index) {
  std::string text;
  TRY(walk_leaves(disk, directory, index, index + 1, [&](Index, std::string_view leaf) -> Status {
    text = leaf;
    return {};
  }));
  return text;
}

std::unexpected<Error> not_what_was_signed(const std::string& directory, Index size) {
  return fail(ErrorCode::kCorrupt,
              fmt::format("{}: the first {} entries are not those the signed checkpoint covers", directory, size),
              "run: agentos log verify");
}

}  // namespace

std::string inclusion_text(const InclusionFile& file) {
  return fmt::format("{}\nextra {}\nindex {}\n{}\n{}", kInclusionTitle, crypto::base64(file.leaf), file.index,
                     hash_lines(file.proof), file.note);
}

Result<InclusionFile> parse_inclusion(std::string_view text) {
  const auto malformed = [] { return no_proof("a tlog-proof"); };
  LineReader lines(text);
  if (text.size() > kProofFileSizeMax || lines.next() != kInclusionTitle) return malformed();
  InclusionFile file;
  if (lines.next_starts_with("extra ")) {
    const auto extra = crypto::from_base64(lines.next()->substr(6));
    if (!extra || extra->size() > kEntrySizeMax) return malformed();
    file.leaf = *extra;
  }
  const auto index = number_after(lines.next(), "index ");
  auto proof = index ? read_hashes(lines) : std::nullopt;
  if (!proof) return malformed();
  file.index = *index;
  file.proof = std::move(*proof);
  file.note = lines.rest();
  return file;
}

std::string consistency_text(const ConsistencyFile& file) {
  return fmt::format("old {}\n{}\n{}", file.old_size, hash_lines(file.proof), file.note);
}

Result<ConsistencyFile> parse_consistency(std::string_view text) {
  LineReader lines(text);
  ConsistencyFile file;
  const auto old_size = text.size() <= kProofFileSizeMax ? number_after(lines.next(), "old ") : std::nullopt;
  auto proof = old_size ? read_hashes(lines) : std::nullopt;
  if (!proof) return no_proof("a proof of consistency");
  file.old_size = *old_size;
  file.proof = std::move(*proof);
  file.note = lines.rest();
  return file;
}

Result<MadeInclusion> make_inclusion(Disk& disk, const std::string& directory, Index index) {
  SignedLog log = TRY(read_signed_log(disk, directory));
  if (auto cosigned = read_cosigned(disk, directory, log.verifier); cosigned && cosigned->checkpoint.size > index)
    log = std::move(*cosigned);
  const Checkpoint& checkpoint = log.checkpoint;
  if (index >= checkpoint.size)
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("entry {} is not covered by a signed checkpoint yet; the newest covers {} entries", index,
                            checkpoint.size),
                "try again in a second, or name an earlier entry");
  MadeInclusion made;
  made.file = {index, TRY(read_leaf_text(disk, directory, index)), {}, std::move(log.note)};
  const auto holds = [&](const Result<Proof>& proof) {
    return proof && holds_inclusion(*proof, index, checkpoint.size, leaf_hash(made.file.leaf), checkpoint.root);
  };
  TileSubtrees tiles(disk, directory);
  auto proof = prove_inclusion(tiles, index, checkpoint.size);
  if (tiles.tiled() < checkpoint.size) made.from = MadeFrom::kSegments;
  if (!holds(proof)) {
    SegmentSubtrees segments(disk, directory);
    made.from = MadeFrom::kSegments;
    proof = TRY(prove_inclusion(segments, index, checkpoint.size));
    if (!holds(proof)) return not_what_was_signed(directory, checkpoint.size);
  }
  made.file.proof = std::move(*proof);
  return made;
}

Result<ConsistencyFile> make_consistency(Disk& disk, const std::string& directory, Index old_size,
                                         std::optional<Index> new_size) {
  const SignedLog log = TRY(read_signed_log(disk, directory));
  const Index covered = log.checkpoint.size, size = new_size.value_or(covered);
  if (size > covered || old_size > size)
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("a proof of consistency from {} to {} entries cannot be: the newest signed checkpoint covers "
                    "{}",
                    old_size, size, covered),
        "name an old size that is not larger than the new one");
  const auto prove = [&](SubtreeSource& source) -> Result<ConsistencyFile> {
    ConsistencyFile file{old_size, TRY(prove_consistency(source, old_size, size)), {}};
    if (size == covered) file.note = log.note;
    const auto old_root = TRY(root_of(source, old_size)), root = TRY(root_of(source, size));
    const bool signed_root = TRY(root_of(source, covered)) == log.checkpoint.root;
    if (!signed_root || !holds_consistency(file.proof, old_size, size, old_root, root))
      return not_what_was_signed(directory, covered);
    return file;
  };
  TileSubtrees tiles(disk, directory);
  if (auto file = prove(tiles)) return file;
  SegmentSubtrees segments(disk, directory);
  return prove(segments);
}

Result<Checkpoint> check_inclusion(const NoteVerifier& verifier, const InclusionFile& file) {
  Checkpoint checkpoint = TRY(open_checkpoint(verifier, file.note));
  if (!holds_inclusion(file.proof, file.index, checkpoint.size, leaf_hash(file.leaf), checkpoint.root))
    return fail(ErrorCode::kCorrupt,
                fmt::format("entry {} as it stands in the proof is not in the log of {} entries that was signed",
                            file.index, checkpoint.size));
  return checkpoint;
}

Result<Checkpoint> check_consistency(const NoteVerifier& verifier, const ConsistencyFile& file,
                                     const crypto::Digest& old_root) {
  Checkpoint checkpoint = TRY(open_checkpoint(verifier, file.note));
  if (!holds_consistency(file.proof, file.old_size, checkpoint.size, old_root, checkpoint.root))
    return fail(ErrorCode::kCorrupt, fmt::format("the signed log of {} entries does not continue the one of {}",
                                                 checkpoint.size, file.old_size));
  return checkpoint;
}

}  // namespace agentos::recorder
