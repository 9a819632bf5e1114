// agentos log query: entries by what they are about, through the index of the log, or without it by reading all.
#include <deque>
#include <map>

#include "apps/agentos/log_entries.h"
#include "apps/agentos/quantities.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "base/clock.h"
#include "lib/recorder/index/log_index.h"

namespace agentos::cli {
namespace {

using recorder::Filter;
using recorder::StoredEntry;

constexpr std::size_t kOpenIntentsMax = 1'000'000;

Result<Filter> filter_of(const LogOptions& options) {
  Filter filter{.agent = options.agent,
                .run = options.run,
                .tool = options.tool,
                .call = options.call,
                .rule = options.rule,
                .label = options.label,
                .kind = options.kind,
                .status = options.status,
                .name = options.event,
                .text = options.text};
  if (!options.decision.empty()) {
    filter.decided = recorder::decided_of(options.decision);
    if (!filter.decided)
      return fail(ErrorCode::kInvalidArgument, "there is no decision \"" + options.decision + "\"",
                  "allow, ask, deny (by policy) or refused (at another step)");
  }
  const std::int64_t now_us = RealClock().wall_us();
  if (!options.since.empty()) filter.from_us = TRY(parse_time_us(options.since, now_us));
  if (!options.until.empty()) filter.until_us = TRY(parse_time_us(options.until, now_us));
  filter.first = options.first.value_or(0);
  return filter;
}

// Without an index: what outcomes are about is remembered from their intents.
Result<std::vector<StoredEntry>> read_through(const std::string& directory, const Filter& filter, std::size_t count) {
  std::deque<StoredEntry> found;
  std::map<recorder::Index, recorder::Facts> asked;
  TRY(recorder::read_log(directory, {}, [&](const StoredEntry& entry) {
    recorder::Facts facts = recorder::facts_of(leaf_of(entry));
    if (facts.kind == "intent") {
      if (asked.size() >= kOpenIntentsMax) asked.erase(asked.begin());
      asked[entry.index] = facts;
    } else if (const auto intent = asked.find(facts.intent); facts.kind == "outcome" && intent != asked.end()) {
      facts.run = intent->second.run;
      facts.tool = intent->second.tool;
      facts.rule = intent->second.rule;
      facts.decided = intent->second.decided;
      asked.erase(intent);
    }
    if (!recorder::matches(filter, entry.index, facts)) return true;
    if (!filter.text.empty() && !recorder::has_text(entry.leaf, filter.text) &&
        !(entry.opening && recorder::has_text(*entry.opening, filter.text))) {
      return true;
    }
    found.push_back(entry);
    if (found.size() > count) found.pop_front();
    return true;
  }));
  return std::vector<StoredEntry>(found.begin(), found.end());
}

Result<std::vector<StoredEntry>> look_up(const std::string& directory, const LogOptions& options,
                                         const Filter& filter) {
  auto index = recorder::LogIndex::open(directory, options.index);
  if (!index) return std::unexpected(std::move(index).error());
  const recorder::IndexState state = TRY((*index)->catch_up());
  if (!state.rebuilt.empty()) print_note("the index was built anew: " + state.rebuilt);
  return (*index)->newest(filter, options.last);
}

}  // namespace

Result<int> verb_log_query(const Globals& globals, const LogOptions& options) {
  const std::string directory = TRY(log_directory_of(globals, options.directory));
  const Filter filter = TRY(filter_of(options));
  if (options.no_index) {
    print_found(TRY(read_through(directory, filter, options.last)), globals.format);
    return kExitOk;
  }
  auto found = look_up(directory, options, filter);
  const bool unwritable =
      !found && (found.error().code == ErrorCode::kNotPermitted || found.error().code == ErrorCode::kNoSpace);
  if (unwritable) {
    print_note(found.error().message + "; reading the whole log instead");
    found = read_through(directory, filter, options.last);
  }
  print_found(TRY(std::move(found)), globals.format);
  return kExitOk;
}

}  // namespace agentos::cli
