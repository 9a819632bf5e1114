// Histories: what each run has done, as far as policies ask: sequences of steps, and counts.
//
// A sequence "has happened" when an earliest-to-latest choice of events matched its steps in order, no event matched
// `until` after the first of them, and that first is at most `within_us` ago; of all such choices the one that began
// latest counts, so a late repetition of the first step keeps a sequence alive. It ceases to have happened when its
// time is over. Thread-safe, sharded by run; reading allocates nothing; the number of runs and counted names is bounded
// and beyond it is refused. An unknown run has no history.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "lib/policy/state/bounds.h"

namespace agentos::policy {

// Two specs that are equal in every field are the same sequence: positions are carried over when policies are reloaded.
struct SequenceSpec {
  std::string id{};            // unique in a set, 1..kLimitIdBytesMax octets
  std::uint8_t steps = 1;      // 1..kSequenceStepsMax
  bool has_until = false;      // when false, Match::until is ignored
  std::int64_t within_us = 0;  // 0: unlimited
  bool operator==(const SequenceSpec&) const = default;
};

// What one event is to one sequence. An event that matches `until` cancels what came before it, and may then itself be
// the first step. An event that matches several steps never takes one choice of events further by more than one step.
struct Match {
  std::uint32_t sequence = 0;  // index in the set
  std::uint8_t step_mask = 0;  // bit i: the event matches step i
  bool until = false;
};

enum class Counted : std::uint8_t { kCall, kTool };

// The sequences of a policy set; indices are those of the specs it was made from. Immutable.
class Sequences {
 public:
  std::size_t size() const { return sequences_.size(); }
  const SequenceSpec& spec(std::uint32_t sequence) const { return sequences_[sequence]->spec; }

 private:
  friend class Histories;
  struct Sequence {
    SequenceSpec spec;
    std::uint64_t serial;  // never used twice
  };
  std::vector<std::shared_ptr<const Sequence>> sequences_;
};

class RunHistory;
struct KnownText;

class Histories {
 public:
  explicit Histories(std::size_t runs_max = kRunsMax);
  ~Histories();

  // The sequences of a policy set. One equal to a sequence of a set that is still held keeps the positions of every
  // run; others begin at the start for every run. invalid_argument: a spec, or an id twice; too_large: more than
  // kSequencesMax.
  Result<std::shared_ptr<const Sequences>> load(std::span<const SequenceSpec> specs);

  // A run begins, with nothing. already_exists; no_space: kRunsMax; invalid_argument: the id is empty or too long.
  Status begin(std::string_view run);
  void forget(std::string_view run);

  // One event of a run: not_found if the run has not begun, invalid_argument if an index is out of range or a sequence
  // is named twice; nothing changed then. Sequences not named are not matched by the event. Instants are microseconds
  // of one clock; one that goes back counts as the latest an event of the run had.
  Status advance(std::string_view run, const Sequences& sequences, std::span<const Match> matches, std::int64_t now_us);
  bool happened(std::string_view run, const Sequences& sequences, std::uint32_t sequence, std::int64_t now_us) const;
  // How many of its steps have been seen in order, 0..steps, as happened() would see them.
  int position(std::string_view run, const Sequences& sequences, std::uint32_t sequence, std::int64_t now_us) const;

  // Calls that were allowed, by the name of the call and, where there is one (not empty), of the tool. not_found: the
  // run has not begun; no_space: kCountedNamesMax names are counted for the run and this is another; nothing counted
  // then.
  Status count_allowed(std::string_view run, std::string_view call, std::string_view tool);
  std::int64_t count(std::string_view run, Counted what, std::string_view name) const;
  std::int64_t allowed(std::string_view run) const;  // all calls

  std::size_t runs() const;

  Histories(const Histories&) = delete;
  Histories& operator=(const Histories&) = delete;

 private:
  struct Shard;
  struct Registry;
  Shard& shard_of(const KnownText& run) const;
  std::unique_ptr<Registry> registry_;
  std::unique_ptr<Shard[]> shards_;
  const std::size_t runs_max_;
};

}  // namespace agentos::policy
