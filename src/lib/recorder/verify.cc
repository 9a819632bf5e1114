// Recomputes the whole log and compares it with its own checksums and with what was signed.
//
// A running recorder appends meanwhile. What it may have half written lies behind everything the newest checkpoint
// covers; there, and only there, an unreadable frame is read again until it is whole.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>
#include <unordered_set>

#include "base/crypto/sha256_fast.h"
#include "lib/recorder/blob.h"
#include "lib/recorder/disk_log.h"
#include "lib/recorder/erasing.h"
#include "lib/recorder/leaf_reader.h"
#include "lib/recorder/leaf_writer.h"
#include "lib/recorder/open_intents.h"
#include "lib/recorder/recovery.h"
#include "lib/recorder/segment_reader.h"
#include "lib/recorder/signed_state.h"
#include "lib/recorder/tile_check.h"

namespace agentos::recorder {

namespace {

constexpr int kAttemptsMax = 8;        // of the whole, when the running recorder pruned what was being opened
constexpr int kTailAttemptsMax = 200;  // of one frame that the running recorder may be writing
constexpr std::size_t kBlobsRemembered = 1 << 16;
constexpr const char* kBlobChanged = "the content kept whole is not what the entry names";
constexpr const char* kBlobAbsent = "the entry's content was kept whole, and is gone without the entry being erased";
constexpr auto kTailPause = std::chrono::milliseconds(10);

using Problem = Finding;

class Verifier {
 public:
  Verifier(Disk& disk, const std::string& directory, const Anchors& anchors)
      : disk_(disk), directory_(directory), anchors_(anchors) {}

  // An Error is an unreadable file; nothing for a good log.
  Result<Check> run();
  std::string root_text() const { return crypto::base64(crypto::view(frontier_.root())); }
  // Whether the problem may be that segments were pruned since the signed files were read: they may be missing, and the
  // room of those that were open may be in use again.
  bool may_be_pruning() const {
    return base_ > 0 || segments_.empty() || !disk_.open_for_reading(path(segments_.front().name));
  }
  VerifyReport report;

 private:
  Result<Check> open_segments();
  Check check_beginning();
  Check check_header(const Segment& segment);
  Result<Check> check_frames(Segment& segment, bool is_last);
  Result<Check> check_end(Segment& segment, FrameCursor& cursor, bool is_last, bool& again);
  Check check_frame(const Segment& segment, std::uint64_t offset, const Frame& frame);
  const char* check_outcome(const Leaf& leaf);
  const char* check_opening(const Frame& frame, const Leaf& leaf);
  const char* check_blob(std::string_view opening, const Leaf& leaf);
  const char* count(const Frame& frame, const Leaf& leaf);
  Check check_roots();
  Check check_checkpoint() const;
  bool is_live() { return disk_.is_locked(path(kLockName)); }
  std::string path(std::string_view name) const { return fmt::format("{}/{}", directory_, name); }
  std::string position(const Segment& segment, std::uint64_t offset) const {
    return fmt::format("{} offset {} (entry {})", segment.name, offset, frontier_.size());
  }

  Disk& disk_;
  const std::string& directory_;
  const Anchors& anchors_;
  SignedState signed_;
  std::size_t roots_checked_ = 0;  // of signed_.roots
  Index same_until_ = 0;           // entries whose root was as expected
  std::optional<TileCheck> tiles_;
  bool has_blobs_ = false;
  std::unordered_set<std::string> blobs_checked_;
  std::vector<Segment> segments_;
  Index base_ = 0;  // the first entry that is there
  Frontier frontier_;
  OpenIntents external_;
  std::vector<bool> is_intent_, has_outcome_;   // by index - base_
  std::unordered_set<Index> earlier_outcomes_;  // of intents before base_
  Index durable_before_ = 0;
};

Result<Check> Verifier::open_segments() {
  const auto erasing = read_erasing(disk_, directory_);
  if (!erasing && erasing.error().code == ErrorCode::kCorrupt)
    return Problem{"erasing", erasing.error().message, std::string(kErasingName)};
  for (const std::string& name : TRY(list_segments(disk_, directory_))) {
    auto segment = open_segment(disk_, directory_, name);
    if (!segment) {
      const ErrorCode code = segment.error().code;
      if (code == ErrorCode::kCorrupt || code == ErrorCode::kUnsupported)
        return Problem{"segment", segment.error().message, fmt::format("{} offset 0", name)};
      return std::unexpected(std::move(segment).error());
    }
    report.bytes += segment->size;
    segments_.push_back(std::move(*segment));
  }
  report.segments = segments_.size();
  return Check{};
}

Check Verifier::check_beginning() {
  const Checkpoint& checkpoint = signed_.checkpoint;
  if (segments_.empty()) {
    if (checkpoint.size == 0 && !signed_.pruned) return {};
    return Problem{"missing",
                   fmt::format("the segments are gone; the signed checkpoint covers {} entries", checkpoint.size),
                   directory_};
  }
  const Segment& first = segments_.front();
  base_ = first.header.first;
  if (base_ > 0 && (!signed_.pruned || signed_.pruned->size < base_))
    return Problem{"missing",
                   fmt::format("entries 0 to {} are missing and no signed record says they were pruned", base_ - 1),
                   first.name};
  if (signed_.pruned && signed_.pruned->size == base_ && signed_.pruned->root != first.header.before.root())
    return Problem{"pruned", "the signed record of the pruning has another root than this segment's header",
                   first.name};
  frontier_ = first.header.before;
  same_until_ = base_;
  for (Index index : first.header.open) external_.insert(index);
  if (checkpoint.size < base_)
    return Problem{"rollback", "the signed checkpoint covers only entries that were pruned since",
                   std::string(kCheckpointName)};
  for (; roots_checked_ < signed_.roots.size() && signed_.roots[roots_checked_].size < base_; ++roots_checked_)
    if (signed_.roots[roots_checked_].finding.kind == "anchor")
      return Problem{"anchor", "the remembered checkpoint covers only entries that were pruned since",
                     signed_.roots[roots_checked_].finding.where};
  tiles_.emplace(disk_, directory_, base_);
  has_blobs_ = !disk_.list_folders(path("blob")).value_or(std::vector<std::string>{}).empty();
  return {};
}

// What is expected of the entries so far.
Check Verifier::check_roots() {
  const Index size = frontier_.size();
  while (roots_checked_ < signed_.roots.size() && signed_.roots[roots_checked_].size == size) {
    const ExpectedRoot& expected = signed_.roots[roots_checked_++];
    if (expected.root != frontier_.root())
      return Problem{expected.finding.kind,
                     fmt::format("{}: entries were replaced, the first of them between {} and {}",
                                 expected.finding.what, same_until_, std::max(size, Index{1}) - 1),
                     expected.finding.where};
    same_until_ = size;
  }
  return {};
}

Check Verifier::check_header(const Segment& segment) {
  const SegmentHeader& header = segment.header;
  const auto problem = [&](std::string what) {
    return Problem{"header", std::move(what), fmt::format("{} offset 0 (entry {})", segment.name, frontier_.size())};
  };
  if (header.first != frontier_.size())
    return problem(fmt::format("the segment begins with entry {}, expected {}", header.first, frontier_.size()));
  if (header.before.root() != frontier_.root())
    return problem("the header's root is not the root of the entries before it");
  if (segment.size != header.capacity)
    return problem(fmt::format("the file has {} octets, its header says {}", segment.size, header.capacity));
  if (header.open_complete && !external_.overflowed() && header.open != external_.sorted())
    return problem("the header's list of open intents is not that of the entries before it");
  return {};
}

const char* Verifier::check_opening(const Frame& frame, const Leaf& leaf) {
  if (!frame.has_opening()) return nullptr;  // none, or withheld
  if (!leaf.commitment) return "an opening without a commitment in the leaf";
  if (frame.erased()) return nullptr;
  char text[kCommitmentTextSize];
  write_commitment(crypto::sha256_fast({frame.salt.data(), frame.salt.size() + frame.opening.size()}), text);
  if (std::memcmp(text, leaf.commitment->data(), kCommitmentTextSize) != 0)
    return "the opening is not what the leaf committed to";
  ++report.openings;
  return check_blob(frame.opening, leaf);
}

// Content that was kept whole. It is kept by choice, so that it is absent says nothing unless the leaf says it was.
const char* Verifier::check_blob(std::string_view opening, const Leaf& leaf) {
  if (!has_blobs_ && !leaf.whole) return nullptr;
  const auto blob = blob_named_by(opening);
  if (!blob || blobs_checked_.contains(crypto::hex(*blob))) return nullptr;
  const auto content = read_blob(disk_, directory_, *blob);
  if (!content && content.error().code == ErrorCode::kNotFound) return leaf.whole ? kBlobAbsent : nullptr;
  if (!content) return kBlobChanged;
  if (blobs_checked_.size() >= kBlobsRemembered) blobs_checked_.clear();
  blobs_checked_.insert(crypto::hex(*blob));
  ++report.blobs;
  return nullptr;
}

const char* Verifier::check_outcome(const Leaf& leaf) {
  const Index index = frontier_.size();
  if (leaf.intent >= index) return "the outcome names an intent that is not before it";
  external_.erase(leaf.intent);
  if (leaf.intent < base_)
    return earlier_outcomes_.insert(leaf.intent).second ? nullptr : "a second outcome of the same intent";
  const std::size_t place = leaf.intent - base_;
  if (!is_intent_[place]) return "the outcome names an entry that is no intent";
  if (has_outcome_[place]) return "a second outcome of the same intent";
  has_outcome_[place] = true;
  --report.open_intents;
  return nullptr;
}

// Counts the entry; what is wrong with it as an intent or outcome otherwise.
const char* Verifier::count(const Frame& frame, const Leaf& leaf) {
  is_intent_.push_back(leaf.kind == Kind::kIntent);
  has_outcome_.push_back(false);
  switch (leaf.kind) {
    case Kind::kIntent:
      ++report.intents;
      ++report.open_intents;
      if (leaf.external) external_.insert(frame.index);
      break;
    case Kind::kOutcome:
      if (const char* wrong = check_outcome(leaf)) return wrong;
      ++report.outcomes;
      report.unknown += leaf.unknown ? 1 : 0;
      break;
    case Kind::kRefused:
      ++report.refused;
      break;
    case Kind::kEvent:
      ++report.events;
      if (!leaf.recovery) break;
      ++report.recoveries;
      report.recovery_at = frame.index;
      report.recovery = frame.erased() ? std::string() : std::string(frame.opening);
      break;
  }
  ++report.entries;
  return nullptr;
}

Check Verifier::check_frame(const Segment& segment, std::uint64_t offset, const Frame& frame) {
  const auto wrong = [&](const char* kind, const char* what) { return Problem{kind, what, position(segment, offset)}; };
  if (frame.index != frontier_.size()) return wrong("frame", "the frame holds another entry");
  if (frame.durable_before() < durable_before_)
    return wrong("frame", "the frame belongs to an earlier batch than the one before it");
  durable_before_ = frame.durable_before();
  const auto leaf = read_leaf(frame.leaf);
  if (!leaf) return wrong("leaf", leaf.error());
  if (const char* what = check_opening(frame, *leaf))
    return wrong(what == kBlobChanged ? "blob" : what == kBlobAbsent ? "absent" : "opening", what);
  if (const char* what = count(frame, *leaf)) return wrong("outcome", what);
  // The octet before a leaf is zero, as RFC 6962 wants it hashed.
  const auto hash = crypto::sha256_fast({frame.leaf.data() - 1, frame.leaf.size() + 1});
  frontier_.add(hash);
  if (tiles_->wanted()) tiles_->add(frame.leaf, hash);
  return {};
}

// Behind the last good frame: only zeroes are right. `again`: a running recorder was writing; read this place again.
Result<Check> Verifier::check_end(Segment& segment, FrameCursor& cursor, bool is_last, bool& again) {
  const bool in_flight_possible = is_last && frontier_.size() >= signed_.checkpoint.size;
  for (int attempt = 0;; ++attempt) {
    const bool live = in_flight_possible && is_live();
    cursor.forget();
    const auto step = TRY(cursor.next());
    if (step == FrameCursor::Step::kFrame) {
      if (!live && !in_flight_possible)
        return Problem{"frame", "the file changes while it is read", position(segment, cursor.offset())};
      cursor.forget();
      again = true;
      return Check{};
    }
    const std::string reason = cursor.reason();
    const Tail tail = TRY(examine_tail(*segment.file, cursor.offset(), segment.size, frontier_.size()));
    if (tail.nonzero_end == 0) return Check{};
    if (live && attempt < kTailAttemptsMax) {
      std::this_thread::sleep_for(kTailPause);
      continue;
    }
    return Problem{"tail",
                   fmt::format("{}; {} octets here are neither an entry nor zero",
                               step == FrameCursor::Step::kBad ? reason : "no frame begins here",
                               tail.nonzero_end - cursor.offset()),
                   position(segment, cursor.offset())};
  }
}

Result<Check> Verifier::check_frames(Segment& segment, bool is_last) {
  FrameCursor cursor(*segment.file, segment.frames_at, segment.size);
  for (;;) {
    if (auto problem = check_roots()) return problem;
    const auto step = TRY(cursor.next());
    if (step == FrameCursor::Step::kFrame) {
      if (auto problem = check_frame(segment, cursor.offset(), cursor.frame())) return problem;
      continue;
    }
    bool again = false;
    if (auto problem = TRY(check_end(segment, cursor, is_last, again)); problem || !again) return problem;
  }
}

Check Verifier::check_checkpoint() const {
  const Index size = frontier_.size();
  const std::string where =
      segments_.empty() ? std::string(kCheckpointName) : fmt::format("{} (entry {})", segments_.back().name, size);
  if (size < signed_.checkpoint.size)
    return Problem{"truncated",
                   fmt::format("the signed checkpoint covers {} entries, the log holds {}: its end was cut off",
                               signed_.checkpoint.size, size),
                   where};
  if (roots_checked_ < signed_.roots.size()) {
    const ExpectedRoot& beyond = signed_.roots[roots_checked_];
    return Problem{beyond.finding.kind, fmt::format("{} entries were seen, the log holds {}", beyond.size, size),
                   where};
  }
  return tiles_ ? tiles_->finish() : Check{};
}

Result<Check> Verifier::run() {
  if (auto problem = TRY(read_signed_state(disk_, directory_, anchors_, signed_))) return problem;
  report.checkpoint_size = signed_.checkpoint.size;
  report.sealed = signed_.sealed;
  report.seals = signed_.seals;
  report.epoch = signed_.epoch;
  report.cosigners = signed_.cosigners;
  if (auto problem = TRY(open_segments())) return problem;
  if (auto problem = check_beginning()) return problem;
  for (Segment& segment : segments_) {
    if (auto problem = check_header(segment)) return problem;
    if (auto problem = TRY(check_frames(segment, &segment == &segments_.back()))) return problem;
  }
  if (auto problem = check_roots()) return problem;
  auto problem = check_checkpoint();
  report.tiles = tiles_ ? tiles_->compared() : 0;
  return problem;
}

}  // namespace

Result<VerifyReport> verify_log_on(Disk& disk, const std::string& directory, const Anchors& anchors) {
  VerifyReport before;  // what was found last
  for (int attempt = 1;; ++attempt) {
    Verifier verifier(disk, directory, anchors);
    const auto problem = verifier.run();
    const bool again = attempt < kAttemptsMax && disk.is_locked(fmt::format("{}/{}", directory, kLockName));
    if (!problem) {
      if (problem.error().code == ErrorCode::kNotFound && again) continue;
      return std::unexpected(problem.error());
    }
    VerifyReport& report = verifier.report;
    report.root = verifier.root_text();
    report.valid = !problem->has_value();
    if (report.valid) return report;
    report.kind = (*problem)->kind;
    report.problem = (*problem)->what;
    report.position = (*problem)->where;
    // Of a log in use it is told when it is found twice: content may be erased while it is read.
    const bool confirmed = before.kind == report.kind && before.position == report.position;
    if (!again || (confirmed && !verifier.may_be_pruning())) return report;
    before = std::move(report);
  }
}

Result<VerifyReport> verify_log(const std::string& directory, const Anchors& anchors) {
  const auto disk = make_real_disk();
  return verify_log_on(*disk, directory, anchors);
}

}  // namespace agentos::recorder
