// agentos log stats: what is in the record, how it is kept, and whether its newest checkpoint holds.
#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "apps/agentos/log_entries.h"
#include "apps/agentos/log_signatures.h"
#include "apps/agentos/quantities.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "apps/agentos/timeline.h"
#include "lib/recorder/disk.h"
#include "lib/recorder/format.h"

namespace agentos::cli {
namespace {

using Counts = std::map<std::string, std::int64_t>;

struct Counted {
  Counts kinds, decisions, calls, agents, refusals, outcomes;
  std::int64_t entries = 0, leaf_bytes = 0, opening_bytes = 0, first_us = 0, last_us = 0;
  std::int64_t first_index = -1;
  json::Value boot;  // the newest
};

void count(const recorder::StoredEntry& entry, Counted& counted) {
  const json::Value leaf = leaf_of(entry);
  const std::string kind(leaf.string_or("kind", "?"));
  if (counted.entries++ == 0) {
    counted.first_us = leaf.int_or("time_us", 0);
    counted.first_index = static_cast<std::int64_t>(entry.index);
  }
  counted.leaf_bytes += static_cast<std::int64_t>(entry.leaf.size());
  counted.opening_bytes += entry.opening ? static_cast<std::int64_t>(entry.opening->size()) : 0;
  counted.last_us = leaf.int_or("time_us", 0);
  ++counted.kinds[kind];
  const std::int64_t times = kind == "refused" ? leaf.int_or("count", 1) : 1;
  if (kind == "intent") ++counted.decisions[std::string(leaf.string_or("verdict", "?"))];
  if (kind == "outcome") ++counted.outcomes[std::string(leaf.string_or("status", "?"))];
  if (kind == "refused") {
    counted.decisions[leaf.string_or("step", "") == "policy" ? "deny" : "refused"] += times;
    counted.refusals[fmt::format("{} {}", leaf.string_or("step", "?"), leaf.string_or("rule", ""))] += times;
  }
  if (kind == "intent" || kind == "refused") counted.calls[std::string(leaf.string_or("call", "?"))] += times;
  if (!leaf.string_or("agent", "").empty()) ++counted.agents[std::string(leaf.string_or("agent", ""))];
  if (kind == "event" && leaf.string_or("name", "") == "boot") counted.boot = opening_of(entry);
}

json::Object kept_on_disk(const std::string& directory) {
  std::int64_t segments = 0, segment_bytes = 0, all_bytes = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory, error)) {
    if (!entry.is_regular_file(error)) continue;
    const auto size = static_cast<std::int64_t>(entry.file_size(error));
    all_bytes += size;
    if (!recorder::segment_first(entry.path().filename().string())) continue;
    ++segments;
    segment_bytes += size;
  }
  return {{"segments", segments}, {"segment_bytes", segment_bytes}, {"bytes", all_bytes}};
}

json::Object to_object(const Counts& counts) {
  json::Object group;
  for (const auto& [key, number] : counts) group[key] = number;
  return group;
}

std::string member_of_boot(const json::Value& boot, const char* key) {
  const json::Value* value = boot.find(key);
  if (value == nullptr) return "not recorded";
  return value->is_string() ? value->as_string() : json::write(*value);
}

}  // namespace

Result<int> verb_log_stats(const Globals& globals, const LogOptions& options) {
  const std::string directory = TRY(log_directory_of(globals, options.directory));
  Counted counted;
  TRY(recorder::read_log(directory, {}, [&](const recorder::StoredEntry& entry) {
    count(entry, counted);
    return true;
  }));
  const recorder::VerifyReport verified = TRY(recorder::verify_log(directory));
  const bool writing = recorder::make_real_disk()->is_locked(directory + "/lock");
  const json::Value disk = kept_on_disk(directory);
  const std::pair<const char*, const Counts*> groups[] = {
      {"kinds", &counted.kinds}, {"decisions", &counted.decisions}, {"outcomes", &counted.outcomes},
      {"calls", &counted.calls}, {"refusals", &counted.refusals},   {"agents", &counted.agents}};
  if (globals.format != Format::kTable) {
    json::Object out{{"directory", directory},
                     {"entries", counted.entries},
                     {"first_index", counted.first_index},
                     {"first_us", counted.first_us},
                     {"last_us", counted.last_us},
                     {"leaf_bytes", counted.leaf_bytes},
                     {"opening_bytes", counted.opening_bytes},
                     {"disk", disk},
                     {"writing", writing},
                     {"checkpoint", json::Object{{"size", verified.checkpoint_size},
                                                 {"valid", verified.valid},
                                                 {"problem", verified.problem},
                                                 {"position", verified.position}}}};
    for (const char* key : {"mode", "content", "disk_bytes_max", "keep_ms", "segment_bytes"}) {
      const json::Value* value = counted.boot.find(key);
      out.append(key, value != nullptr ? *value : json::Value());
    }
    out.append("signatures", signatures_of(directory));
    for (const auto& [name, counts] : groups) out.append(name, to_object(*counts));
    print_json(json::Value(std::move(out)));
    return verified.valid ? kExitOk : kExitFailure;
  }
  const Screen screen = screen_of(1);
  print(fmt::format("{}\n{} entries from {} to {}{}\n", printable(directory), counted.entries,
                    show_time(counted.first_us), show_time(counted.last_us),
                    writing ? ", being written" : ", nobody writes it"));
  print(fmt::format("{} segments, {} on disk ({} of leaves, {} of openings)\n", disk.int_or("segments", 0),
                    show_size_bytes(disk.int_or("bytes", 0)), show_size_bytes(counted.leaf_bytes),
                    show_size_bytes(counted.opening_bytes)));
  const std::int64_t budget = counted.boot.int_or("disk_bytes_max", -1), keep_ms = counted.boot.int_or("keep_ms", 0);
  print(fmt::format("mode {}, content {}, budget {}, kept {}\n", printable(member_of_boot(counted.boot, "mode")),
                    printable(member_of_boot(counted.boot, "content")),
                    budget < 0    ? "not recorded"
                    : budget == 0 ? "none"
                                  : show_size_bytes(budget),
                    keep_ms > 0 ? show_duration_us(keep_ms * 1000) : "as long as the budget lets"));
  print(fmt::format("checkpoint over {} entries: {}\n\n", verified.checkpoint_size,
                    verified.valid ? styled(screen, Style::kGood, "valid")
                                   : styled(screen, Style::kBad, "NOT VALID") + ": " + printable(verified.problem) +
                                         " at " + printable(verified.position)));
  print(signatures_line(directory) + "\n\n");
  Table table({{"OF"}, {"WHAT", Align::kLeft, Fit::kFlexible}, {"COUNT", Align::kRight}});
  for (const auto& [name, counts] : groups) {
    for (const auto& [key, number] : *counts) table.add({name, key, std::to_string(number)});
  }
  print_table(table);
  return verified.valid ? kExitOk : kExitFailure;
}

}  // namespace agentos::cli
