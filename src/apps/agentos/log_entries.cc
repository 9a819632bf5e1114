// One line an entry, the same for every verb that lists entries.
#include "apps/agentos/log_entries.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "apps/agentos/quantities.h"
#include "apps/agentos/report.h"
#include "apps/agentos/story.h"
#include "apps/agentos/timeline.h"

namespace agentos::cli {
namespace {

using recorder::StoredEntry;

constexpr auto kFollowStep = std::chrono::milliseconds(150);

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

}  // namespace

json::Value leaf_of(const StoredEntry& entry) {
  auto value = json::parse(entry.leaf);
  return value ? std::move(*value) : json::Value(json::Object{});
}

json::Value entry_json(const StoredEntry& entry, json::Value leaf) {
  json::Object out;
  out["index"] = static_cast<std::int64_t>(entry.index);
  out["leaf"] = std::move(leaf);
  out["opening"] = opening_of(entry);
  out["opening_matches"] = entry.opening_matches;
  return out;
}

void print_entries(const std::vector<StoredEntry>& entries) {
  Table table({{"INDEX", Align::kRight},
               {"TIME"},
               {"KIND"},
               {"AGENT"},
               {"CALL"},
               {"WHAT"},
               {"WHY", Align::kLeft, Fit::kFlexible}});
  for (const StoredEntry& entry : entries) {
    const json::Value leaf = leaf_of(entry);
    const json::Value opening = opening_of(entry);
    const Summary summary = summary_of(leaf, shown_content(&opening));
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

void print_found(const std::vector<StoredEntry>& entries, Format format) {
  if (format == Format::kTable) return print_entries(entries);
  if (format == Format::kJsonLines) {
    for (const StoredEntry& entry : entries) print_entry_line(entry);
    return;
  }
  json::Array out;
  for (const StoredEntry& entry : entries) out.push_back(entry_json(entry, leaf_of(entry)));
  print_json(json::Value(std::move(out)));
}

void print_entry_line(const StoredEntry& entry) {
  print(printable_json(json::write(entry_json(entry, leaf_of(entry)))) + "\n");
}

Status follow_log(const std::string& directory, recorder::Index next,
                  const std::function<void(const StoredEntry&)>& each) {
  for (;;) {
    TRY(recorder::read_log(directory, {.first = next}, [&](const StoredEntry& entry) {
      each(entry);
      next = entry.index + 1;
      return true;
    }));
    std::this_thread::sleep_for(kFollowStep);
  }
}

}  // namespace agentos::cli
