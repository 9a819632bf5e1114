// What the last run left undone: external calls whose outcome nobody knows, and the event that tells of a torn tail.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/json/value.h"
#include "lib/recorder/disk_log.h"
#include "lib/recorder/group_commit.h"

namespace agentos::recorder {

// Everything queued, durable, before the writer thread runs.
Status LogRecorder::commit_here() {
  std::swap(filling_, draining_);
  TRY(writer_->commit(draining_));
  draining_.clear();
  durable_ = writer_->size();
  return {};
}

// One outcome with status unknown for each external intent the last run left open, with the intent's agent and call.
Status LogRecorder::append_unknown_outcomes(Disk& disk) {
  const std::vector<Index> open = writer_->external().sorted();
  if (open.empty()) return {};
  std::map<Index, std::pair<std::string, std::string>> names;
  TRY(read_log_on(disk, options_.directory, {open.front(), open.back()}, [&](const StoredEntry& entry) {
    if (!std::binary_search(open.begin(), open.end(), entry.index)) return true;
    if (const auto leaf = json::parse(entry.leaf))
      names[entry.index] = {std::string(leaf->string_or("agent", "")), std::string(leaf->string_or("call", ""))};
    return true;
  }));
  for (Index intent : open) {
    const auto& [agent, call] = names[intent];  // empty when it was pruned
    Outcome outcome;
    outcome.intent = intent;
    outcome.agent = agent;
    outcome.call = call;
    outcome.status = OutcomeStatus::kUnknown;
    outcome.time_us = clock_.wall_us();
    open_.insert(intent);
    TRY(append(outcome));
    ++recovered_unknown_;
    if (filling_.size() > options_.queue_bytes_max / 2) TRY(commit_here());
  }
  return {};
}

// An event when the last run did not close the log: what was found, and how long opening took.
Status LogRecorder::append_recovered(std::uint64_t uncovered, std::int64_t began_ns) {
  const auto& torn = writer_->torn();
  if (!torn && uncovered == 0 && recovered_unknown_ == 0) return {};
  recovery_us_ = (clock_.monotonic_ns() - began_ns) / 1000;
  std::string detail = fmt::format(R"({{"duration_us":{},)", recovery_us_);
  if (torn)
    detail += fmt::format(R"("octets":{},"offset":{},"segment":"{}",)", torn->octets, torn->offset, torn->segment);
  detail += fmt::format(R"("uncovered":{},"unknown":{}}})", uncovered, recovered_unknown_);
  Event event;
  event.name = "recovered";
  event.time_us = clock_.wall_us();
  event.detail.text = detail;
  TRY(append(event));
  return {};
}

}  // namespace agentos::recorder
