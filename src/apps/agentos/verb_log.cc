// agentos log show|tail|stats|verify|timeline: the record, read from its directory; no kernel is needed and none
// starts.
#include <fmt/format.h>

#include <chrono>
#include <deque>
#include <thread>

#include "abi/codes.h"
#include "apps/agentos/log_signatures.h"
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

constexpr auto kFollowStep = std::chrono::milliseconds(150);
constexpr std::size_t kShownEntriesMax = 1'000'000;

json::Value leaf_of(const StoredEntry& entry) {
  auto value = json::parse(entry.leaf);
  return value ? std::move(*value) : json::Value(json::Object{});
}

bool wanted(const LogOptions& options, const json::Value& leaf) {
  return (options.agent.empty() || leaf.string_or("agent", "") == options.agent) &&
         (options.call.empty() || leaf.string_or("call", "") == options.call) &&
         (options.kind.empty() || leaf.string_or("kind", "") == options.kind);
}

json::Value entry_json(const StoredEntry& entry, json::Value leaf) {
  json::Object out;
  out["index"] = static_cast<std::int64_t>(entry.index);
  out["leaf"] = std::move(leaf);
  out["opening"] = opening_of(entry);
  out["opening_matches"] = entry.opening_matches;
  return out;
}

struct Summary {
  std::string what;
  Style style = Style::kPlain;
  std::string why;
};

Summary summary_of(const json::Value& leaf, const json::Value& opening) {
  const std::string_view kind = leaf.string_or("kind", "");
  if (kind == "intent") {
    const std::string verdict(leaf.string_or("verdict", ""));
    return {verdict, verdict == "allow" ? Style::kGood : Style::kWarn,
            fmt::format("{} {}", leaf.string_or("rule", ""), subject_of_call(opening))};
  }
  if (kind == "outcome") {
    const std::string status(leaf.string_or("status", ""));
    return {status, status == "ok" ? Style::kPlain : Style::kWarn,
            fmt::format("of {} in {}", leaf.int_or("intent", -1), show_duration_us(leaf.int_or("duration_us", 0)))};
  }
  if (kind == "refused") {
    return {"refused", Style::kBad,
            fmt::format("{}{}: {}{}", leaf.string_or("step", ""),
                        leaf.string_or("rule", "").empty() ? "" : " " + std::string(leaf.string_or("rule", "")),
                        leaf.string_or("reason", ""),
                        leaf.int_or("count", 1) > 1 ? fmt::format(" ({} times)", leaf.int_or("count", 1)) : "")};
  }
  return {std::string(leaf.string_or("name", "")), Style::kDim, opening.is_null() ? "" : json::write(opening)};
}

void print_entries(const std::deque<StoredEntry>& entries) {
  Table table({{"INDEX", Align::kRight},
               {"TIME"},
               {"KIND"},
               {"AGENT"},
               {"CALL"},
               {"WHAT"},
               {"WHY", Align::kLeft, Fit::kFlexible}});
  for (const StoredEntry& entry : entries) {
    const json::Value leaf = leaf_of(entry);
    const Summary summary = summary_of(leaf, opening_of(entry));
    std::string call(leaf.string_or("call", ""));
    if (const std::string_view tool = leaf.string_or("tool", ""); !tool.empty()) call += " " + std::string(tool);
    table.add({std::to_string(entry.index),
               show_time(leaf.int_or("time_us", 0)),
               std::string(leaf.string_or("kind", "")),
               std::string(leaf.string_or("agent", "")),
               call,
               {summary.what, summary.style},
               summary.why + (entry.opening_matches ? "" : " [the opening does not match]")});
  }
  print_table(table);
}

// Calls `each` for entries as they are written, until the program is interrupted.
Status follow(const std::string& directory, Index next, const std::function<void(const StoredEntry&)>& each) {
  for (;;) {
    TRY(recorder::read_log(directory, {.first = next}, [&](const StoredEntry& entry) {
      each(entry);
      next = entry.index + 1;
      return true;
    }));
    std::this_thread::sleep_for(kFollowStep);
  }
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

}  // namespace

Result<int> verb_log_show(const Globals& globals, const LogOptions& options) {
  const std::string directory = TRY(log_directory_of(globals, options.directory));
  Index next = 0;
  const std::deque<StoredEntry> entries = TRY(select(directory, options, next));
  if (globals.format == Format::kTable) {
    print_entries(entries);
    return kExitOk;
  }
  json::Array out;
  for (const StoredEntry& entry : entries) out.push_back(entry_json(entry, leaf_of(entry)));
  print_json(json::Value(std::move(out)));
  return kExitOk;
}

Result<int> verb_log_tail(const Globals& globals, const LogOptions& options) {
  const std::string directory = TRY(log_directory_of(globals, options.directory));
  Timeline timeline(screen_of(1), options.agent);
  const auto show = [&](const StoredEntry& entry) {
    if (globals.format == Format::kTable) return print(timeline.add(entry));
    json::Value leaf = leaf_of(entry);
    if (wanted(options, leaf)) print(printable_json(json::write(entry_json(entry, std::move(leaf)))) + "\n");
  };
  LogOptions recent = options;
  recent.agent = recent.call = recent.kind = "";
  Index next = 0;
  for (const StoredEntry& entry : TRY(select(directory, recent, next))) show(entry);
  if (options.follow) TRY(follow(directory, next, show));
  return kExitOk;
}

Result<int> verb_log_timeline(const Globals& globals, const LogOptions& options) {
  const std::string directory = TRY(log_directory_of(globals, options.directory));
  Timeline timeline(screen_of(1), options.agent);
  const auto show = [&](const StoredEntry& entry) {
    if (globals.format == Format::kJson)
      return print(printable_json(json::write(entry_json(entry, leaf_of(entry)))) + "\n");
    print(timeline.add(entry));
  };
  Index next = 0;
  TRY(recorder::read_log(directory, {.first = options.first.value_or(0)}, [&](const StoredEntry& entry) {
    next = entry.index + 1;
    show(entry);
    return true;
  }));
  if (options.follow) TRY(follow(directory, next, show));
  if (globals.format == Format::kTable) print(timeline.finish());
  return kExitOk;
}

Result<int> verb_log_stats(const Globals& globals, const LogOptions& options) {
  const std::string directory = TRY(log_directory_of(globals, options.directory));
  std::map<std::string, std::int64_t> kinds, calls, agents, refusals;
  std::int64_t entries = 0, bytes = 0, first_us = 0, last_us = 0;
  TRY(recorder::read_log(directory, {}, [&](const StoredEntry& entry) {
    const json::Value leaf = leaf_of(entry);
    const std::string kind(leaf.string_or("kind", "?"));
    ++entries;
    bytes += static_cast<std::int64_t>(entry.leaf.size());
    if (first_us == 0) first_us = leaf.int_or("time_us", 0);
    last_us = leaf.int_or("time_us", 0);
    ++kinds[kind];
    if (kind == "intent" || kind == "refused") ++calls[std::string(leaf.string_or("call", "?"))];
    if (kind == "refused") {
      refusals[fmt::format("{} {}", leaf.string_or("step", "?"), leaf.string_or("rule", ""))] +=
          leaf.int_or("count", 1);
    }
    if (!leaf.string_or("agent", "").empty()) ++agents[std::string(leaf.string_or("agent", ""))];
    return true;
  }));
  const std::pair<const char*, std::map<std::string, std::int64_t>*> groups[] = {
      {"kinds", &kinds}, {"calls", &calls}, {"refusals", &refusals}, {"agents", &agents}};
  if (globals.format == Format::kJson) {
    json::Object out;
    out["directory"] = directory;
    out["entries"] = entries;
    out["leaf_bytes"] = bytes;
    out["first_us"] = first_us;
    out["last_us"] = last_us;
    for (const auto& [name, counts] : groups) {
      json::Object group;
      for (const auto& [key, count] : *counts) group[key] = count;
      out[name] = std::move(group);
    }
    out["signatures"] = signatures_of(directory);
    print_json(json::Value(std::move(out)));
    return kExitOk;
  }
  print(fmt::format("{} entries, {} of leaves, {} to {}\n{}\n\n", entries, show_size_bytes(bytes), show_time(first_us),
                    show_time(last_us), printable(directory)));
  print(signatures_line(directory) + "\n\n");
  Table table({{"OF"}, {"WHAT", Align::kLeft, Fit::kFlexible}, {"ENTRIES", Align::kRight}});
  for (const auto& [name, counts] : groups) {
    for (const auto& [key, count] : *counts) table.add({name, key, std::to_string(count)});
  }
  print_table(table);
  return kExitOk;
}

Result<int> verb_log_verify(const Globals& globals, const LogOptions& options) {
  const std::string directory = TRY(log_directory_of(globals, options.directory));
  const recorder::VerifyReport report = TRY(recorder::verify_log(directory));
  const std::pair<const char*, std::uint64_t> counts[] = {{"entries", report.entries},
                                                          {"segments", report.segments},
                                                          {"bytes", report.bytes},
                                                          {"openings", report.openings},
                                                          {"intents", report.intents},
                                                          {"outcomes", report.outcomes},
                                                          {"refused", report.refused},
                                                          {"events", report.events},
                                                          {"unknown outcomes", report.unknown},
                                                          {"open intents", report.open_intents},
                                                          {"signed checkpoint over", report.checkpoint_size}};
  if (globals.format == Format::kJson) {
    json::Object out;
    out["valid"] = report.valid;
    out["directory"] = directory;
    out["root"] = report.root;
    for (const auto& [name, count] : counts) {
      std::string key(name);
      std::replace(key.begin(), key.end(), ' ', '_');
      out[key] = count;
    }
    out["problem"] = report.problem;
    out["position"] = report.position;
    print_json(json::Value(std::move(out)));
  } else {
    Table table({{"CHECKED"}, {"", Align::kRight}});
    for (const auto& [name, count] : counts) table.add({name, std::to_string(count)});
    print_table(table);
    const Screen screen = screen_of(1);
    print(fmt::format("root      {}\nlog       {}\n", report.root, printable(directory)));
    print(report.valid
              ? styled(screen, Style::kGood, "valid") + ": every entry, commitment, outcome and the root hold\n"
              : styled(screen, Style::kBad, "NOT VALID") + ": " + printable(report.problem) + " at " +
                    printable(report.position) + "\n");
  }
  return report.valid ? kExitOk : kExitFailure;
}

}  // namespace agentos::cli
