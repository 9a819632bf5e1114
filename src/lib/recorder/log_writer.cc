// One commit is one write and one sync when it is small; a large one is written in pieces that stay in the
// processor's cache, and synced once.
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

constexpr std::size_t kPieceBytes = 128 * 1024;
constexpr std::size_t kZeroChunk = 256 * 1024;
constexpr std::uint64_t kZeroSyncEvery = 4 << 20;  // keeps the syncs of commits from waiting behind one large one

std::string path_of(const std::string& directory, std::string_view name) {
  return fmt::format("{}/{}", directory, name);
}

}  // namespace

struct LogWriter::Place {
  Frontier frontier;
  std::uint64_t offset;
};

LogWriter::LogWriter(Options options, Clock& clock, Disk& disk, Preparation preparation)
    : options_(std::move(options)), clock_(clock), disk_(disk), preparation_(preparation) {
  piece_.resize(kPieceBytes + kFrameSizeMax);
}

LogWriter::~LogWriter() { discard_prepared(); }

Result<std::unique_ptr<LogWriter>> LogWriter::open(const Options& options, Clock& clock, Random& random, Disk& disk,
                                                   Preparation preparation) {
  std::unique_ptr<LogWriter> writer(new LogWriter(options, clock, disk, preparation));
  const LogIdentity identity = TRY(open_identity(disk, options.directory, options.origin, random));
  writer->signer_ = identity.signer;
  writer->checkpoint_size_ = identity.checkpoint.size;
  writer->state_ = TRY(recover(disk, options.directory, identity.checkpoint));
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

std::size_t LogWriter::add_frame(const Slot& slot) {
  const Index index = state_.frontier.size();
  char* const frame = piece_.data() + piece_size_;
  char* const leaf = frame + kFrameHeaderSize;
  std::memcpy(leaf, slot.leaf(), slot.leaf_size);
  if (slot.opening_size != 0) {
    char* const salted = leaf + slot.leaf_size;
    const Salt& salt = salts_->of(index);
    std::memcpy(salted, salt.data(), salt.size());
    std::memcpy(salted + kSaltSize, slot.opening(), slot.opening_size);
    write_commitment(crypto::sha256_fast({salted, kSaltSize + slot.opening_size}), leaf + slot.commitment_at);
  }
  // The octet before the leaf is the zero that RFC 6962 puts before a leaf's content.
  leaf[-1] = 0;
  state_.frontier.add(crypto::sha256_fast({leaf - 1, slot.leaf_size + std::size_t{1}}));
  const auto batch_index = std::min<Index>(index - durable_, ~std::uint32_t{0});
  seal_frame(frame, index, static_cast<std::uint32_t>(batch_index), slot.leaf_size, slot.opening_size);
  return frame_size(slot.leaf_size, slot.opening_size);
}

void LogWriter::remember(const Slot& slot, Index index) {
  if (slot.external) state_.external.insert(index);
  if (slot.kind == Kind::kOutcome) state_.external.erase(slot.intent);
}

Status LogWriter::write_frames(SlotBuffer& batch, Index durable, std::size_t& position) {
  durable_ = durable;
  piece_size_ = 0;
  std::uint64_t piece_at = state_.offset;
  bool one_piece = true;
  for (; position < batch.size(); position += batch.at(position).size()) {
    const Slot& slot = batch.at(position);
    if (state_.offset + frame_size(slot.leaf_size, slot.opening_size) > state_.capacity) break;
    remember(slot, state_.frontier.size());
    const std::size_t size = add_frame(slot);
    piece_size_ += size;
    state_.offset += size;
    if (piece_size_ < kPieceBytes) continue;
    TRY(state_.file->write_at(piece_at, {piece_.data(), piece_size_}));
    piece_at = state_.offset;
    piece_size_ = 0;
    one_piece = false;
  }
  if (one_piece) return state_.file->write_synced_at(piece_at, {piece_.data(), piece_size_});
  if (piece_size_ > 0) TRY(state_.file->write_at(piece_at, {piece_.data(), piece_size_}));
  return state_.file->sync();
}

Status LogWriter::commit(SlotBuffer& batch) {
  CHECK(batch.taken() < batch.size());
  const Slot& first = batch.at(batch.taken());
  if (state_.offset + frame_size(first.leaf_size, first.opening_size) > state_.capacity) TRY(begin_segment());
  const Place place{state_.frontier, state_.offset};
  std::size_t position = batch.taken();
  if (auto written = write_frames(batch, place.frontier.size(), position); !written) {
    state_.frontier = place.frontier;
    state_.offset = place.offset;
    return written;
  }
  batch.take_to(position);
  if (state_.offset > state_.capacity / 2) prepare_ahead();
  return {};
}

std::uint64_t LogWriter::next_capacity() const {
  const std::uint64_t largest = std::max(options_.segment_bytes, kSegmentSizeMin);
  if (state_.file == nullptr) return std::min<std::uint64_t>(largest, kFirstSegmentBytes);
  return std::clamp<std::uint64_t>(state_.capacity * 4, std::min<std::uint64_t>(largest, kFirstSegmentBytes), largest);
}

// The next segment's file, all zeroes and on disk.
Result<std::unique_ptr<DiskFile>> LogWriter::prepare(std::uint64_t capacity) {
  auto file = TRY(disk_.create(path_of(options_.directory, kNextSegmentName)));
  TRY(file->reserve(capacity));
  const std::string zeroes(kZeroChunk, '\0');
  for (std::uint64_t at = 0; at < capacity; at += kZeroChunk) {
    if (stop_preparing_.load(std::memory_order_relaxed)) return fail(ErrorCode::kClosed, "the log is closing");
    TRY(file->write_at(at, std::string_view(zeroes).substr(0, std::min<std::uint64_t>(kZeroChunk, capacity - at))));
    if ((at + kZeroChunk) % kZeroSyncEvery == 0) TRY(file->sync());
  }
  TRY(file->sync());  // now, so that the one at the beginning of the segment is short
  return file;
}

void LogWriter::prepare_ahead() {
  if (preparation_ != Preparation::kAhead || prepared_.valid()) return;
  prepared_capacity_ = next_capacity();
  prepared_ = std::async(std::launch::async, [this, capacity = prepared_capacity_] { return prepare(capacity); });
}

void LogWriter::discard_prepared() {
  if (!prepared_.valid()) return;
  stop_preparing_ = true;
  prepared_.wait();
  prepared_ = {};
  (void)disk_.remove(path_of(options_.directory, kNextSegmentName));  // the next open removes it otherwise
}

Status LogWriter::begin_segment() {
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
  state_.file = std::move(file);
  state_.offset = octets.size();
  state_.capacity = header.capacity;
  state_.segments.push_back({name, header.first, header.capacity});
  return prune();
}

Status LogWriter::prune() {
  if (options_.disk_bytes_max == 0) return {};
  while (bytes() > options_.disk_bytes_max && state_.segments.size() > 1) {
    const StoredSegment& kept = state_.segments[1];
    const Segment segment = TRY(open_segment(disk_, options_.directory, kept.name));
    const Checkpoint pruned{signer_.verifier.name, kept.first, segment.header.before.root(),
                            fmt::format("pruned {}\n", clock_.wall_us())};
    // First the signed word that these entries may be absent, then their absence; should that be forgotten in a power
    // failure, the next open removes them again.
    TRY(replace_file(disk_, options_.directory, std::string(kPrunedName), sign_note(signer_, checkpoint_body(pruned))));
    const auto removed = disk_.remove(path_of(options_.directory, state_.segments.front().name));
    if (!removed && removed.error().code != ErrorCode::kNotFound) return removed;
    state_.segments.pop_front();
  }
  return {};
}

Status LogWriter::write_checkpoint() {
  const Checkpoint checkpoint{signer_.verifier.name, state_.frontier.size(), state_.frontier.root(), {}};
  TRY(replace_file(disk_, options_.directory, std::string(kCheckpointName),
                   sign_note(signer_, checkpoint_body(checkpoint))));
  checkpoint_size_ = checkpoint.size;
  return {};
}

}  // namespace agentos::recorder
