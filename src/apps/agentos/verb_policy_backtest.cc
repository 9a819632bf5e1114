// agentos policy backtest: which recorded calls other documents would have decided otherwise.
#include <fmt/format.h>

#include "apps/agentos/backtest.h"
#include "apps/agentos/explanation.h"
#include "apps/agentos/policy_input.h"
#include "apps/agentos/quantities.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"

namespace agentos::cli {
namespace {

json::Object json_of(const BacktestChange& change) {
  json::Object out{{"index", change.index},
                   {"time_us", change.time_us},
                   {"agent", change.agent},
                   {"call", change.call},
                   {"old_verdict", change.old_verdict},
                   {"old_rule", change.old_rule},
                   {"new_verdict", change.new_verdict},
                   {"new_rule", change.new_rule},
                   {"new_reason", change.new_reason}};
  if (!change.tool.empty()) out.append("tool", change.tool);
  if (!change.about.empty()) out.append("about", change.about);
  return out;
}

json::Object json_of(const std::map<std::string, std::uint64_t>& counts) {
  json::Object out;
  for (const auto& [what, count] : counts) out.append(what, count);
  return out;
}

void print_people(const BacktestCounts& counts, const std::vector<BacktestChange>& witnesses) {
  const Screen screen = screen_of(1);
  if (!witnesses.empty()) {
    Table table({{"INDEX", Align::kRight},
                 {"TIME"},
                 {"AGENT"},
                 {"CALL"},
                 {"WAS"},
                 {"BY"},
                 {"WOULD BE"},
                 {"BY", Align::kLeft, Fit::kFlexible}});
    for (const BacktestChange& one : witnesses) {
      table.add({std::to_string(one.index),
                 show_time(one.time_us),
                 one.agent,
                 one.call + (one.tool.empty() ? "" : " " + one.tool) +
                     (one.about.empty() || one.about == one.tool ? "" : " " + one.about),
                 {one.old_verdict, style_of_verdict(one.old_verdict)},
                 one.old_rule,
                 {one.new_verdict, style_of_verdict(one.new_verdict)},
                 one.new_rule});
    }
    print_table(table);
    print("\n");
  }
  print(fmt::format(
      "{} calls, {} decided anew: {} the same, {}\n", counts.calls, counts.redecided, counts.same,
      styled(screen, counts.changed > 0 ? Style::kWarn : Style::kGood, fmt::format("{} otherwise", counts.changed))));
  for (const auto& [what, count] : counts.changes) print(fmt::format("  {:>8}  {}\n", count, what));
  if (witnesses.size() < counts.changed)
    print(fmt::format("  {} of them are listed; --witnesses N lists more\n", witnesses.size()));
  if (!counts.not_redecided.empty()) print("not decided anew:\n");
  for (const auto& [why, count] : counts.not_redecided) print(fmt::format("  {:>8}  {}\n", count, why));
  if (counts.not_by_policy > 0)
    print(fmt::format("{} more were refused before policy was asked\n", counts.not_by_policy));
}

}  // namespace

Result<int> verb_policy_backtest(const Globals& globals, const PolicyOptions& options) {
  const policy::tools::PolicySet set = TRY(policy_set_of(globals, options, options.files));
  const std::string directory = TRY(log_directory_of(globals, options.log));
  std::vector<BacktestChange> witnesses;
  Backtest backtest(set, options.agent, [&](const BacktestChange& change) {
    if (static_cast<std::int64_t>(witnesses.size()) < options.witnesses) witnesses.push_back(change);
  });
  TRY(recorder::read_log(directory, {}, [&](const recorder::StoredEntry& entry) {
    backtest.add(entry);
    return true;
  }));
  const BacktestCounts& counts = backtest.counts();
  if (globals.format == Format::kJson) {
    json::Array list;
    for (const BacktestChange& change : witnesses) list.emplace_back(json_of(change));
    print_json(json::Object{{"log", directory},
                            {"calls", counts.calls},
                            {"decided_anew", counts.redecided},
                            {"same", counts.same},
                            {"changed", counts.changed},
                            {"changes", json_of(counts.changes)},
                            {"not_decided_anew", json_of(counts.not_redecided)},
                            {"not_by_policy", counts.not_by_policy},
                            {"witnesses", std::move(list)}});
  } else {
    print_people(counts, witnesses);
  }
  return counts.changed == 0 ? kExitOk : kExitFailure;
}

}  // namespace agentos::cli
