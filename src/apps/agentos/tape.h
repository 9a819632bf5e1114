// Tape: the calls an agent made and what it was answered, read from the record, to answer the same calls with again.
//
// Calls that waited for an approval are on it once, as they ended. Bounds: kCallsMax calls.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json/value.h"
#include "lib/recorder/reader.h"

namespace agentos::cli {

struct TapeCall {
  recorder::Index index = 0;
  std::string call, tool;
  std::string arguments;  // canonical, when they were recorded whole; else empty
  std::string digest;     // of them otherwise; empty: withheld or erased
  enum class Answer : std::uint8_t { kResult, kError, kRefused, kNone } answer = Answer::kNone;
  std::string result;      // JSON of a result; the message of an error
  bool recorded = true;    // false: the result was not recorded whole
  std::int64_t code = 0;   // of an error or a refusal
  std::string rule, step;  // of a refusal
  std::uint64_t left = 1;  // how many calls it still answers: repeats of a refusal are one entry
};

class Tape {
 public:
  static constexpr std::size_t kCallsMax = 1'000'000;
  enum class Order : std::uint8_t { kAny, kStrict };

  // Of the agent with that id, the only one of that name, or the one of that run.
  static Result<Tape> read(const std::string& directory, const std::string& who);

  // The entry that answers this call, taken off; null: the record has none (any more). `arguments` is canonical.
  const TapeCall* take(std::string_view call, std::string_view arguments, Order order);
  // The first call that was not made; null: all were.
  const TapeCall* next() const;
  std::size_t calls() const { return calls_.size(); }

  std::string agent, run;
  std::vector<std::string> command;
  std::optional<std::int64_t> exit_code;

 private:
  void add(const recorder::StoredEntry& entry);
  void intent(const recorder::StoredEntry& entry, const json::Value& leaf);
  void outcome(const recorder::StoredEntry& entry, const json::Value& leaf);
  void refused(const recorder::StoredEntry& entry, const json::Value& leaf);

  std::vector<TapeCall> calls_;
  std::map<recorder::Index, std::size_t> open_;
  mutable std::size_t first_ = 0;  // everything before it was taken
};

}  // namespace agentos::cli
