// The histories of all runs, in shards with a lock each, and the registry of sequences that policies use.
#include "lib/policy/state/sequence.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <bitset>
#include <mutex>
#include <set>

#include "lib/policy/state/run_history.h"

namespace agentos::policy {
namespace {

constexpr std::size_t kShards = 16;

Status check(const SequenceSpec& spec) {
  if (spec.id.empty() || spec.id.size() > kLimitIdBytesMax)
    return fail(ErrorCode::kInvalidArgument, fmt::format("a sequence's id has 1 to {} octets", kLimitIdBytesMax));
  if (spec.steps < 1 || spec.steps > kSequenceStepsMax)
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("sequence '{}' has {} steps, outside 1 to {}", spec.id, spec.steps, kSequenceStepsMax));
  if (spec.within_us < 0 || spec.within_us > kPerMaxUs)
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("sequence '{}': its time in microseconds is {}, outside 0 to {}", spec.id, spec.within_us,
                            kPerMaxUs));
  return {};
}

std::unexpected<Error> not_begun(std::string_view run) {
  return fail(ErrorCode::kNotFound, fmt::format("run '{}' has not begun", run.substr(0, kSubjectBytesMax)));
}

}  // namespace

struct alignas(64) Histories::Shard {
  std::mutex mutex;
  TextMap<RunHistory> runs;  // under mutex

  RunHistory* find(const KnownText& run) {
    const auto found = runs.find(run);
    return found == runs.end() ? nullptr : &found->second;
  }
};

struct Histories::Registry {
  std::mutex mutex;  // taken before any shard's
  std::vector<std::weak_ptr<const Sequences::Sequence>> sequences;
  std::uint64_t next_serial = 1;
  std::atomic<std::size_t> runs{0};
};

Histories::Histories(std::size_t runs_max)
    : registry_(std::make_unique<Registry>()), shards_(std::make_unique<Shard[]>(kShards)), runs_max_(runs_max) {}

Histories::~Histories() = default;

Result<std::shared_ptr<const Sequences>> Histories::load(std::span<const SequenceSpec> specs) {
  if (specs.size() > kSequencesMax)
    return fail(ErrorCode::kTooLarge, fmt::format("{} sequences are more than {}", specs.size(), kSequencesMax),
                "share sequences between rules");
  std::set<std::string_view> ids;
  for (const SequenceSpec& spec : specs) {
    TRY(check(spec));
    if (!ids.insert(spec.id).second)
      return fail(ErrorCode::kInvalidArgument, fmt::format("there are two sequences '{}'", spec.id), "rename one");
  }

  const std::lock_guard lock(registry_->mutex);
  std::vector<std::shared_ptr<const Sequences::Sequence>> held;
  for (const auto& sequence : registry_->sequences) {
    if (auto still = sequence.lock()) held.push_back(std::move(still));
  }
  auto sequences = std::make_shared<Sequences>();
  for (const SequenceSpec& spec : specs) {
    auto found = std::ranges::find_if(held, [&](const auto& one) { return one->spec == spec; });
    if (found == held.end()) {
      held.push_back(std::make_shared<Sequences::Sequence>(spec, registry_->next_serial++));
      found = held.end() - 1;
    }
    sequences->sequences_.push_back(*found);
  }
  registry_->sequences.assign(held.begin(), held.end());

  std::vector<std::uint64_t> serials;
  for (const auto& sequence : held) serials.push_back(sequence->serial);
  std::ranges::sort(serials);
  for (std::size_t i = 0; i < kShards; ++i) {
    const std::lock_guard shard_lock(shards_[i].mutex);
    for (auto& [run, history] : shards_[i].runs) history.keep_only(serials);
  }
  return sequences;
}

Histories::Shard& Histories::shard_of(const KnownText& run) const { return shards_[run.shard(kShards)]; }

Status Histories::begin(std::string_view run) {
  if (run.empty() || run.size() > kSubjectBytesMax)
    return fail(ErrorCode::kInvalidArgument, fmt::format("a run's id has 1 to {} octets", kSubjectBytesMax));
  const KnownText known(run);
  Shard& shard = shard_of(known);
  const std::lock_guard lock(shard.mutex);
  if (shard.find(known) != nullptr) return fail(ErrorCode::kAlreadyExists, fmt::format("run '{}' has begun", run));
  if (registry_->runs.fetch_add(1, std::memory_order_relaxed) >= runs_max_) {
    registry_->runs.fetch_sub(1, std::memory_order_relaxed);
    return fail(ErrorCode::kNoSpace, fmt::format("the histories of {} runs are held", runs_max_),
                "let some runs end first");
  }
  shard.runs.try_emplace(std::string(run));
  return {};
}

void Histories::forget(std::string_view run) {
  const KnownText known(run);
  Shard& shard = shard_of(known);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.runs.find(known);
  if (found == shard.runs.end()) return;
  shard.runs.erase(found);
  registry_->runs.fetch_sub(1, std::memory_order_relaxed);
}

Status Histories::advance(std::string_view run, const Sequences& sequences, std::span<const Match> matches,
                          std::int64_t now_us) {
  std::bitset<kSequencesMax> named;
  for (const Match& match : matches) {
    if (match.sequence >= sequences.size() || named[match.sequence])
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("sequence {} does not exist or is named twice", match.sequence));
    named[match.sequence] = true;
  }
  const KnownText known(run);
  Shard& shard = shard_of(known);
  const std::lock_guard lock(shard.mutex);
  RunHistory* history = shard.find(known);
  if (history == nullptr) return not_begun(run);
  for (const Match& match : matches) {
    const Sequences::Sequence& sequence = *sequences.sequences_[match.sequence];
    history->advance(sequence.spec, sequence.serial, match, clamp_instant(now_us));
  }
  return {};
}

int Histories::position(std::string_view run, const Sequences& sequences, std::uint32_t sequence,
                        std::int64_t now_us) const {
  if (sequence >= sequences.size()) return 0;
  const KnownText known(run);
  Shard& shard = shard_of(known);
  const std::lock_guard lock(shard.mutex);
  const RunHistory* history = shard.find(known);
  if (history == nullptr) return 0;
  const Sequences::Sequence& asked = *sequences.sequences_[sequence];
  return history->position(asked.spec, asked.serial, clamp_instant(now_us));
}

bool Histories::happened(std::string_view run, const Sequences& sequences, std::uint32_t sequence,
                         std::int64_t now_us) const {
  return sequence < sequences.size() && position(run, sequences, sequence, now_us) == sequences.spec(sequence).steps;
}

Status Histories::count_allowed(std::string_view run, std::string_view call, std::string_view tool) {
  const KnownText known(run);
  Shard& shard = shard_of(known);
  const std::lock_guard lock(shard.mutex);
  RunHistory* history = shard.find(known);
  if (history == nullptr) return not_begun(run);
  return history->count_allowed(call, tool);
}

std::int64_t Histories::count(std::string_view run, Counted what, std::string_view name) const {
  const KnownText known(run);
  const KnownText known_name(name);
  Shard& shard = shard_of(known);
  const std::lock_guard lock(shard.mutex);
  const RunHistory* history = shard.find(known);
  return history == nullptr ? 0 : history->count(what, known_name);
}

std::int64_t Histories::allowed(std::string_view run) const {
  const KnownText known(run);
  Shard& shard = shard_of(known);
  const std::lock_guard lock(shard.mutex);
  const RunHistory* history = shard.find(known);
  return history == nullptr ? 0 : history->allowed();
}

std::size_t Histories::runs() const { return registry_->runs.load(std::memory_order_relaxed); }

}  // namespace agentos::policy
