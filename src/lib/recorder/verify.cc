// Recomputes the whole log and compares it with its own checksums and with what was signed.
//
// A running recorder appends meanwhile. What it may have half written lies behind everything the newest checkpoint
// covers; there, and only there, an unreadable frame is read again until it is whole.
#include <fmt/format.h>

#include <chrono>
#include <cstring>
#include <optional>
#include <thread>
#include <unordered_set>

#include "base/crypto/sha256_fast.h"
#include "lib/recorder/disk_log.h"
#include "lib/recorder/leaf_reader.h"
#include "lib/recorder/leaf_writer.h"
#include "lib/recorder/note.h"
#include "lib/recorder/open_intents.h"
#include "lib/recorder/recovery.h"
#include "lib/recorder/segment_reader.h"

namespace agentos::recorder {

namespace {

constexpr int kAttemptsMax = 8;        // of the whole, when the running recorder pruned what was being opened
constexpr int kTailAttemptsMax = 200;  // of one frame that the running recorder may be writing
constexpr auto kTailPause = std::chrono::milliseconds(10);

// The first problem; what the functions below return instead of going on.
struct Problem {
  std::string what;
  std::string where;
};
using Check = std::optional<Problem>;

class Verifier {
 public:
  Verifier(Disk& disk, const std::string& directory) : disk_(disk), directory_(directory) {}

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
  Result<Check> read_signed();
  Result<Check> open_segments();
  Check check_beginning();
  Check check_header(const Segment& segment);
  Result<Check> check_frames(Segment& segment, bool is_last);
  Result<Check> check_end(Segment& segment, FrameCursor& cursor, bool is_last, bool& again);
  const char* check_frame(const Frame& frame);
  const char* check_outcome(const Leaf& leaf);
  const char* check_opening(const Frame& frame, const Leaf& leaf);
  Check check_checkpoint() const;
  bool is_live() { return disk_.is_locked(path(kLockName)); }
  std::string path(std::string_view name) const { return fmt::format("{}/{}", directory_, name); }
  std::string position(const Segment& segment, std::uint64_t offset) const {
    return fmt::format("{} offset {} (entry {})", segment.name, offset, frontier_.size());
  }

  Disk& disk_;
  const std::string& directory_;
  NoteVerifier key_;
  Checkpoint checkpoint_;
  std::optional<Checkpoint> pruned_;
  std::vector<Segment> segments_;
  Index base_ = 0;  // the first entry that is there
  Frontier frontier_;
  std::optional<crypto::Digest> root_at_checkpoint_;
  OpenIntents external_;
  std::vector<bool> is_intent_, has_outcome_;   // by index - base_
  std::unordered_set<Index> earlier_outcomes_;  // of intents before base_
  Index durable_before_ = 0;
};

Result<Check> Verifier::read_signed() {
  struct Note {
    std::string_view name;
    std::optional<std::string> text;
  };
  Note notes[] = {{kVerifierName, {}}, {kCheckpointName, {}}, {kPrunedName, {}}};
  for (Note& note : notes) {
    auto text = read_small_file(disk_, path(note.name), kNoteSizeMax);
    if (text) note.text = std::move(*text);
    if (!text && text.error().code == ErrorCode::kTooLarge)
      return Problem{"the file is too large", std::string(note.name)};
    if (!text && text.error().code != ErrorCode::kNotFound) return std::unexpected(std::move(text).error());
  }
  for (const Note& note : {notes[0], notes[1]})
    if (!note.text) return Problem{"the file is missing", std::string(note.name)};
  const auto key = parse_verifier(*notes[0].text);
  if (!key) return Problem{key.error().message, std::string(kVerifierName)};
  key_ = *key;
  const auto checkpoint = open_checkpoint(key_, *notes[1].text);
  if (!checkpoint) return Problem{checkpoint.error().message, std::string(kCheckpointName)};
  checkpoint_ = *checkpoint;
  if (checkpoint_.extension.starts_with("pruned "))
    return Problem{"this is the record of a pruning", std::string(kCheckpointName)};
  if (!notes[2].text) return Check{};
  const auto pruned = open_checkpoint(key_, *notes[2].text);
  if (!pruned) return Problem{pruned.error().message, std::string(kPrunedName)};
  if (!pruned->extension.starts_with("pruned "))
    return Problem{"this is no record of a pruning", std::string(kPrunedName)};
  pruned_ = *pruned;
  return Check{};
}

Result<Check> Verifier::open_segments() {
  for (const std::string& name : TRY(list_segments(disk_, directory_))) {
    auto segment = open_segment(disk_, directory_, name);
    if (!segment) {
      const ErrorCode code = segment.error().code;
      if (code == ErrorCode::kCorrupt || code == ErrorCode::kUnsupported)
        return Problem{segment.error().message, fmt::format("{} offset 0", name)};
      return std::unexpected(std::move(segment).error());
    }
    report.bytes += segment->size;
    segments_.push_back(std::move(*segment));
  }
  report.segments = segments_.size();
  return Check{};
}

Check Verifier::check_beginning() {
  if (segments_.empty()) {
    if (checkpoint_.size == 0 && !pruned_) return {};
    return Problem{fmt::format("the segments are gone; the signed checkpoint covers {} entries", checkpoint_.size),
                   directory_};
  }
  const Segment& first = segments_.front();
  base_ = first.header.first;
  if (base_ > 0 && (!pruned_ || pruned_->size < base_))
    return Problem{fmt::format("entries 0 to {} are missing and no signed record says they were pruned", base_ - 1),
                   first.name};
  if (pruned_ && pruned_->size == base_ && pruned_->root != first.header.before.root())
    return Problem{"the signed record of the pruning has another root than this segment's header", first.name};
  frontier_ = first.header.before;
  for (Index index : first.header.open) external_.insert(index);
  return {};
}

Check Verifier::check_header(const Segment& segment) {
  const SegmentHeader& header = segment.header;
  const auto problem = [&](std::string what) {
    return Problem{std::move(what), fmt::format("{} offset 0 (entry {})", segment.name, frontier_.size())};
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

// What is wrong with the next entry; counts it otherwise.
const char* Verifier::check_frame(const Frame& frame) {
  if (frame.index != frontier_.size()) return "the frame holds another entry";
  if (frame.durable_before() < durable_before_) return "the frame belongs to an earlier batch than the one before it";
  durable_before_ = frame.durable_before();
  const auto leaf = read_leaf(frame.leaf);
  if (!leaf) return leaf.error();
  if (const char* wrong = check_opening(frame, *leaf)) return wrong;
  is_intent_.push_back(leaf->kind == Kind::kIntent);
  has_outcome_.push_back(false);
  switch (leaf->kind) {
    case Kind::kIntent:
      ++report.intents;
      ++report.open_intents;
      if (leaf->external) external_.insert(frame.index);
      break;
    case Kind::kOutcome:
      if (const char* wrong = check_outcome(*leaf)) return wrong;
      ++report.outcomes;
      report.unknown += leaf->unknown ? 1 : 0;
      break;
    case Kind::kRefused:
      ++report.refused;
      break;
    case Kind::kEvent:
      ++report.events;
      break;
  }
  // The octet before a leaf is zero, as RFC 6962 wants it hashed.
  frontier_.add(crypto::sha256_fast({frame.leaf.data() - 1, frame.leaf.size() + 1}));
  ++report.entries;
  return nullptr;
}

// Behind the last good frame: only zeroes are right. `again`: a running recorder was writing; read this place again.
Result<Check> Verifier::check_end(Segment& segment, FrameCursor& cursor, bool is_last, bool& again) {
  const bool in_flight_possible = is_last && frontier_.size() >= checkpoint_.size;
  for (int attempt = 0;; ++attempt) {
    const bool live = in_flight_possible && is_live();
    cursor.forget();
    const auto step = TRY(cursor.next());
    if (step == FrameCursor::Step::kFrame) {
      if (!live && !in_flight_possible)
        return Problem{"the file changes while it is read", position(segment, cursor.offset())};
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
    return Problem{fmt::format("{}; {} octets here are neither an entry nor zero",
                               step == FrameCursor::Step::kBad ? reason : "no frame begins here",
                               tail.nonzero_end - cursor.offset()),
                   position(segment, cursor.offset())};
  }
}

Result<Check> Verifier::check_frames(Segment& segment, bool is_last) {
  FrameCursor cursor(*segment.file, segment.frames_at, segment.size);
  for (;;) {
    if (frontier_.size() == checkpoint_.size) root_at_checkpoint_ = frontier_.root();
    const auto step = TRY(cursor.next());
    if (step == FrameCursor::Step::kFrame) {
      const std::uint64_t offset = cursor.offset();
      const std::string_view wrong = [&] {
        const char* text = check_frame(cursor.frame());
        return text == nullptr ? "" : text;
      }();
      if (!wrong.empty()) return Problem{std::string(wrong), position(segment, offset)};
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
  if (size < checkpoint_.size)
    return Problem{fmt::format("the signed checkpoint covers {} entries, the log holds {}: its end was cut off",
                               checkpoint_.size, size),
                   where};
  if (checkpoint_.size >= base_ && root_at_checkpoint_ != checkpoint_.root)
    return Problem{fmt::format("the root of the first {} entries is not the one that was signed: entries were replaced",
                               checkpoint_.size),
                   std::string(kCheckpointName)};
  if (checkpoint_.size < base_)
    return Problem{"the signed checkpoint covers only entries that were pruned since", std::string(kCheckpointName)};
  return {};
}

Result<Check> Verifier::run() {
  if (auto problem = TRY(read_signed())) return problem;
  report.checkpoint_size = checkpoint_.size;
  if (auto problem = TRY(open_segments())) return problem;
  if (auto problem = check_beginning()) return problem;
  for (Segment& segment : segments_) {
    if (auto problem = check_header(segment)) return problem;
    if (auto problem = TRY(check_frames(segment, &segment == &segments_.back()))) return problem;
  }
  if (frontier_.size() == checkpoint_.size) root_at_checkpoint_ = frontier_.root();
  return check_checkpoint();
}

}  // namespace

Result<VerifyReport> verify_log_on(Disk& disk, const std::string& directory) {
  for (int attempt = 1;; ++attempt) {
    Verifier verifier(disk, directory);
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
    report.problem = (*problem)->what;
    report.position = (*problem)->where;
    if (!again || !verifier.may_be_pruning()) return report;
  }
}

Result<VerifyReport> verify_log(const std::string& directory) {
  const auto disk = make_real_disk();
  return verify_log_on(*disk, directory);
}

}  // namespace agentos::recorder
