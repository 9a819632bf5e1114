// A batch is one write that returns when it is durable. Segments are reserved, not written, before they are used, and
// the room of pruned ones is used again.
#include "lib/recorder/log_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/crypto/sha256_fast.h"
#include "lib/recorder/format.h"
#include "lib/recorder/leaf_writer.h"

namespace agentos::recorder {

namespace {

std::string path_of(const std::string& directory, std::string_view name) {
  return fmt::format("{}/{}", directory, name);
}

}  // namespace

LogWriter::LogWriter(Options options, Clock& clock, Disk& disk, CheckpointSigner& signer, Preparation preparation)
    : options_(std::move(options)), clock_(clock), disk_(disk), signer_(signer), preparation_(preparation) {
  for (Batch* batch : {&stage_, &flight_})
    batch->octets = std::make_unique_for_overwrite<char[]>(kStageBytes + kFrameSizeMax);
}

LogWriter::~LogWriter() { discard_prepared(); }

Result<std::unique_ptr<LogWriter>> LogWriter::open(const Options& options, Clock& clock, Random& random, Disk& disk,
                                                   CheckpointSigner& signer, Preparation preparation) {
  std::unique_ptr<LogWriter> writer(new LogWriter(options, clock, disk, signer, preparation));
  const LogIdentity identity = TRY(open_identity(disk, options.directory, signer));
  writer->origin_ = identity.verifier.name;
  writer->checkpoint_ = identity.checkpoint;
  writer->state_ = TRY(recover(disk, options.directory, identity.checkpoint));
  writer->durable_ = writer->state_.frontier;
  writer->salts_ = TRY(Salts::open(disk, options.directory, random));
  const auto removed = disk.remove(path_of(options.directory, kNextSegmentName));
  if (!removed && removed.error().code != ErrorCode::kNotFound) return std::unexpected(removed.error());
  if (writer->state_.file == nullptr) TRY(writer->begin_segment());
  TRY(writer->prune());
  return writer;
}

std::uint64_t LogWriter::bytes() const {
  return std::accumulate(state_.segments.begin(), state_.segments.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const StoredSegment& segment) { return sum + segment.size; });
}

std::size_t LogWriter::add_frame(Slot& slot) {
  FrameHeader header;
  header.index = state_.frontier.size();
  header.batch_index = static_cast<std::uint32_t>(std::min<Index>(header.index - stage_.first, ~std::uint32_t{0}));
  header.opening_size = slot.opening_size;
  header.group = static_cast<std::uint8_t>(slot.kind);
  const std::size_t salted_size = slot.opening_size == 0 ? 0 : kSaltSize + slot.opening_size;
  if (salted_size != 0) {
    const Salt& salt = salts_->of(header.index);
    std::memcpy(slot.salt(), salt.data(), salt.size());
    write_commitment(crypto::sha256_fast({slot.salt(), salted_size}), slot.leaf() + slot.commitment_at);
  }
  const std::string_view leaf(slot.leaf(), slot.leaf_size);
  state_.frontier.add(crypto::sha256_fast({leaf.data() - 1, leaf.size() + 1}));
  char* const frame = stage_.octets.get() + stage_.used;
  char* const stored = frame + kFrameHeaderSize;
  const std::string_view base = whole_.of(header.group);
  std::size_t size = base.empty() ? 0 : write_difference(base, leaf, stored);
  if (size != 0) {
    header.flags = kFrameDifference;
  } else {
    size = leaf.size();
    std::memcpy(stored, leaf.data(), size);
    if (state_.version >= kFormatVersion) whole_.put(header.group, leaf);
  }
  header.stored_size = static_cast<std::uint32_t>(size);
  if (salted_size != 0) std::memcpy(stored + size, slot.salt(), salted_size);
  seal_frame(frame, header);
  return frame_size(size, slot.opening_size);
}

void LogWriter::remember(const Slot& slot, Index index) {
  if (slot.external) state_.external.insert(index);
  if (slot.kind == Kind::kOutcome) state_.external.erase(slot.intent);
}

Staged LogWriter::stage(SlotBuffer& batch) {
  if (stage_.used == 0) {
    stage_.offset = state_.offset;
    stage_.first = state_.frontier.size();
    whole_.clear();
  }
  const std::size_t end = stage_.used + kStageChunkBytes;
  std::size_t position = batch.taken();
  Staged result = Staged::kAll;
  while (position < batch.size()) {
    Slot& slot = batch.at(position);
    const std::size_t size_max = frame_size(slot.leaf_size, slot.opening_size);
    result = state_.offset + size_max > state_.capacity ? Staged::kSegmentFull
             : stage_.used >= kStageBytes               ? Staged::kStageFull
             : stage_.used >= end                       ? Staged::kSome
                                                        : Staged::kAll;
    if (result != Staged::kAll) break;
    remember(slot, state_.frontier.size());
    const std::size_t size = add_frame(slot);
    stage_.used += size;
    state_.offset += size;
    position += slot.size();
  }
  batch.take_to(position);
  return result;
}

void LogWriter::take_off() {
  CHECK(!has_flight());
  std::swap(stage_, flight_);
  in_flight_ = state_.frontier;
}

Status LogWriter::write_flight() {
  return state_.file->append_synced_at(flight_.offset, {flight_.octets.get(), flight_.used});
}

void LogWriter::land() {
  flight_.used = 0;
  durable_ = in_flight_;
  if (state_.offset > state_.capacity / 2) prepare_ahead();
}

Status LogWriter::commit(SlotBuffer& batch) {
  while (has_staged() || batch.taken() < batch.size()) {
    const Staged staged = stage(batch);
    if (has_staged()) {
      take_off();
      TRY(write_flight());
      land();
    }
    if (staged == Staged::kSegmentFull) TRY(begin_segment());
  }
  return {};
}

std::uint64_t LogWriter::next_capacity() const {
  const std::uint64_t largest = std::max(options_.segment_bytes, kSegmentSizeMin);
  if (state_.file == nullptr) return std::min<std::uint64_t>(largest, kFirstSegmentBytes);
  return std::clamp<std::uint64_t>(state_.capacity * 4, std::min<std::uint64_t>(largest, kFirstSegmentBytes), largest);
}

// The next segment's file, all zeroes. The room of a pruned segment is used when there is one: its new name
// is durable before its content goes, so that no name of a segment ever leads to an empty file.
Result<std::unique_ptr<DiskFile>> LogWriter::prepare(std::uint64_t capacity) {
  const std::string path = path_of(options_.directory, kNextSegmentName);
  if (spare_) {
    TRY(disk_.sync_directory(options_.directory));
    auto spare = disk_.open(path);
    if (spare) {
      TRY((*spare)->clear(capacity));
      return spare;
    }
    if (spare.error().code != ErrorCode::kNotFound) return spare;
  }
  auto file = TRY(disk_.create(path));
  TRY(file->reserve(capacity));
  return file;
}

void LogWriter::prepare_ahead() {
  if (preparation_ != Preparation::kAhead || prepared_.valid()) return;
  prepared_capacity_ = next_capacity();
  prepared_ = std::async(std::launch::async, [this, capacity = prepared_capacity_] { return prepare(capacity); });
}

void LogWriter::discard_prepared() {
  if (!prepared_.valid() && !spare_) return;
  if (prepared_.valid()) prepared_.wait();
  prepared_ = {};
  spare_ = false;
  (void)disk_.remove(path_of(options_.directory, kNextSegmentName));  // the next open removes it otherwise
}

Status LogWriter::begin_segment() {
  CHECK(!has_staged() && !has_flight());
  if (!prune_due_) TRY(make_segment());
  prune_due_ = true;
  TRY(prune());
  prune_due_ = false;
  return {};
}

Status LogWriter::make_segment() {
  SegmentHeader header;
  header.first = state_.frontier.size();
  header.before = state_.frontier;
  header.created_us = clock_.wall_us();
  header.open = state_.external.sorted();
  header.open_complete = !state_.external.overflowed();
  const bool prepared = prepared_.valid();
  header.capacity = prepared ? prepared_capacity_ : next_capacity();
  auto made = prepared ? prepared_.get() : prepare(header.capacity);
  if (!made && prepared) made = prepare(header.capacity);  // what failed then may work now
  auto file = TRY(std::move(made));
  const std::string octets = encode_header(header);
  TRY(file->write_at(0, octets));
  TRY(file->sync());
  TRY(salts_->move_forward());
  const std::string name = segment_name(header.first);
  TRY(disk_.rename(path_of(options_.directory, kNextSegmentName), path_of(options_.directory, name)));
  TRY(disk_.sync_directory(options_.directory));
  spare_ = false;
  state_.file = std::move(file);
  state_.offset = octets.size();
  state_.capacity = header.capacity;
  state_.version = header.version;
  state_.segments.push_back({name, header.first, header.capacity});
  return {};
}

// A segment's newest entry is as old as the next segment is.
bool LogWriter::is_due_to_go(const Segment& next) const {
  const bool over_budget = options_.disk_bytes_max != 0 && bytes() > options_.disk_bytes_max;
  return over_budget || (options_.keep_us != 0 && next.header.created_us < clock_.wall_us() - options_.keep_us);
}

Status LogWriter::prune() {
  if (options_.disk_bytes_max == 0 && options_.keep_us == 0) return {};
  const std::unique_lock held(segments_held_, std::try_to_lock);
  if (!held) return {};  // content is being erased; the next segment tries again
  while (state_.segments.size() > 1) {
    const StoredSegment& kept = state_.segments[1];
    const Segment segment = TRY(open_segment(disk_, options_.directory, kept.name));
    if (!is_due_to_go(segment)) return {};
    const Checkpoint pruned{origin_, kept.first, segment.header.before.root(),
                            fmt::format("pruned {}\n", clock_.wall_us())};
    const auto note = signer_.sign(checkpoint_body(pruned));
    if (!note) return {};  // without a signer nothing is pruned; the next segment tries again
    // First the signed word that these entries may be absent, then their absence; should that be forgotten in a power
    // failure, the next open removes them again.
    TRY(replace_file(disk_, options_.directory, std::string(kPrunedName), *note));
    const std::string oldest = path_of(options_.directory, state_.segments.front().name);
    const bool reuse = state_.file != nullptr && !spare_ && !prepared_.valid();
    const auto gone =
        reuse ? disk_.rename(oldest, path_of(options_.directory, kNextSegmentName)) : disk_.remove(oldest);
    if (!gone && gone.error().code != ErrorCode::kNotFound) return gone;
    if (reuse && gone) spare_ = true;
    state_.segments.pop_front();
  }
  return {};
}

Status LogWriter::write_checkpoint(const Checkpoint& checkpoint, const std::string& note) {
  TRY(replace_file(disk_, options_.directory, std::string(kCheckpointName), note));
  checkpoint_ = checkpoint;
  return {};
}

}  // namespace agentos::recorder
