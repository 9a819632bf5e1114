// agentos log show|tail|verify: entries as they are, and the proof that they are what was written. The record is read
// from its directory; no kernel is needed and none starts.
#include <fmt/format.h>

#include <deque>

#include "apps/agentos/log_entries.h"
#include "apps/agentos/quantities.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "apps/agentos/timeline.h"
#include "apps/agentos/verbs.h"
#include "lib/recorder/reader.h"

namespace agentos::cli {
namespace {

using recorder::Index;
using recorder::StoredEntry;

constexpr std::size_t kShownEntriesMax = 1'000'000;

bool wanted(const LogOptions& options, const json::Value& leaf) {
  return (options.agent.empty() || leaf.string_or("agent", "") == options.agent) &&
         (options.call.empty() || leaf.string_or("call", "") == options.call) &&
         (options.kind.empty() || leaf.string_or("kind", "") == options.kind);
}

Result<std::deque<StoredEntry>> select(const std::string& directory, const LogOptions& options, Index& next) {
  std::deque<StoredEntry> entries;
  const std::size_t keep = options.first ? kShownEntriesMax : std::max<std::size_t>(1, options.last);
  TRY(recorder::read_log(directory, {.first = options.first.value_or(0)}, [&](const StoredEntry& entry) {
    next = entry.index + 1;
    if (!wanted(options, leaf_of(entry))) return true;
    entries.push_back(entry);
    if (entries.size() > keep && !options.first) entries.pop_front();
    return !options.first || entries.size() < std::min(keep, options.last);
  }));
  return entries;
}

// Of starts that found the log not closed: how many, and what the newest did.
std::string recovery_line(const recorder::VerifyReport& report) {
  const auto told = json::parse(report.recovery);
  std::string line = fmt::format("{} time{}, last at entry {}", report.recoveries, report.recoveries == 1 ? "" : "s",
                                 report.recovery_at);
  if (!told || !told->is_object()) return line;
  return line +
         fmt::format(": in {:.1f} ms, {} octets cut, {} entries not yet covered by a checkpoint, {} outcomes unknown",
                     static_cast<double>(told->int_or("duration_us", 0)) / 1000, told->int_or("octets", 0),
                     told->int_or("uncovered", 0), told->int_or("unknown", 0));
}

}  // namespace

Result<int> verb_log_show(const Globals& globals, const LogOptions& options) {
  const std::string directory = TRY(log_directory_of(globals, options.directory));
  Index next = 0;
  const std::deque<StoredEntry> entries = TRY(select(directory, options, next));
  print_found({entries.begin(), entries.end()}, globals.format);
  return kExitOk;
}

Result<int> verb_log_tail(const Globals& globals, const LogOptions& options) {
  const std::string directory = TRY(log_directory_of(globals, options.directory));
  Timeline timeline(screen_of(1), options.agent);
  const auto show = [&](const StoredEntry& entry) {
    if (globals.format == Format::kTable) return print(timeline.add(entry));
    if (wanted(options, leaf_of(entry))) print_entry_line(entry);
  };
  LogOptions recent = options;
  recent.agent = recent.call = recent.kind = "";
  Index next = 0;
  for (const StoredEntry& entry : TRY(select(directory, recent, next))) show(entry);
  if (options.follow) TRY(follow_log(directory, next, show));
  return kExitOk;
}

Result<int> verb_log_verify(const Globals& globals, const LogOptions& options) {
  const std::string directory = TRY(log_directory_of(globals, options.directory));
  const recorder::VerifyReport report = TRY(recorder::verify_log(directory));
  const std::pair<const char*, std::uint64_t> counts[] = {{"entries", report.entries},
                                                          {"segments", report.segments},
                                                          {"bytes", report.bytes},
                                                          {"openings", report.openings},
                                                          {"blobs", report.blobs},
                                                          {"intents", report.intents},
                                                          {"outcomes", report.outcomes},
                                                          {"refused", report.refused},
                                                          {"events", report.events},
                                                          {"unknown outcomes", report.unknown},
                                                          {"open intents", report.open_intents},
                                                          {"signed checkpoint over", report.checkpoint_size}};
  if (globals.format != Format::kTable) {
    json::Object out;
    out["valid"] = report.valid;
    out["directory"] = directory;
    out["root"] = report.root;
    for (const auto& [name, count] : counts) {
      std::string key(name);
      std::replace(key.begin(), key.end(), ' ', '_');
      out[key] = count;
    }
    out["recoveries"] = report.recoveries;
    if (const auto recovery = json::parse(report.recovery); recovery && recovery->is_object())
      out["last_recovery"] = *recovery;
    out["problem"] = report.problem;
    out["position"] = report.position;
    print_json(json::Value(std::move(out)));
  } else {
    Table table({{"CHECKED"}, {"", Align::kRight}});
    for (const auto& [name, count] : counts) table.add({name, std::to_string(count)});
    print_table(table);
    const Screen screen = screen_of(1);
    print(fmt::format("root      {}\nlog       {}\n", report.root, printable(directory)));
    if (report.recoveries > 0) print(fmt::format("recovered {}\n", recovery_line(report)));
    print(report.valid
              ? styled(screen, Style::kGood, "valid") + ": every entry, commitment, outcome and the root hold\n"
              : styled(screen, Style::kBad, "NOT VALID") + ": " + printable(report.problem) + " at " +
                    printable(report.position) + "\n");
  }
  return report.valid ? kExitOk : kExitFailure;
}

}  // namespace agentos::cli
