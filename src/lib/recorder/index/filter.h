// Which entries are asked for, and whether one is such an entry.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json/value.h"
#include "lib/recorder/entry.h"
#include "lib/recorder/leaf_reader.h"

namespace agentos::recorder {

// What was decided of a call. A refusal by policy is deny, one at another step (decode, rights, quota, ...) refused.
enum class Decided : std::uint8_t { kNothing, kAllow, kAsk, kDeny, kRefused };
std::optional<Decided> decided_of(std::string_view word);  // "allow" "ask" "deny" "refused"

// Empty members ask for nothing. All that are given must hold; both ends of ranges are included.
struct Filter {
  std::string agent{}, run{}, tool{}, call{}, rule{}, label{};
  std::string kind{};    // "intent" "outcome" "refused" "event"
  std::string status{};  // of outcomes
  std::string name{};    // of events
  std::string text{};    // somewhere in the entry or its opening; letters A to Z in either case
  std::optional<Decided> decided{};
  std::optional<std::int64_t> from_us{}, until_us{};
  Index first = 0;
  Index last = kNoIndex;
};

// What an entry says of the call it is about. An outcome has run, tool, rule and decision from its intent.
struct Facts {
  std::int64_t time_us = 0;
  Index intent = kNoIndex;  // of an outcome
  std::string kind, agent, run, call, tool, rule, status, name;
  std::string labels;  // separated by commas
  Decided decided = Decided::kNothing;
};
Facts facts_of(const json::Value& leaf);
bool matches(const Filter& filter, Index index, const Facts& facts);
bool has_text(std::string_view entry, std::string_view text);

}  // namespace agentos::recorder
