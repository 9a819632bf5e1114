// agentos ps: the agents there are, with their calls and refusals.
#include "apps/agentos/quantities.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "base/clock.h"

namespace agentos::cli {
namespace {

Style style_of(const abi::AgentEntry& agent) {
  if (agent.state == "running") return Style::kGood;
  if (agent.state == "stopped") return Style::kWarn;
  return agent.exit_code.value_or(0) != 0 ? Style::kBad : Style::kDim;
}

}  // namespace

Result<int> verb_ps(const Globals& globals, const PsOptions& options) {
  Reached reached = TRY(reach_kernel(globals, Start::kWhenAbsent));
  const abi::PsReply reply = TRY(reached.client->call(abi::PsRequest{.all = options.all}));
  if (globals.format == Format::kJson) {
    const json::Value value = to_json(abi::row_of(abi::Call::kPs).reply, reply);
    print_json(*value.find("agents"));
    return kExitOk;
  }
  Table table({{"AGENT"},
               {"NAME"},
               {"PARENT"},
               {"STATE"},
               {"PID", Align::kRight},
               {"KIND"},
               {"AGE", Align::kRight},
               {"CALLS", Align::kRight},
               {"DENIED", Align::kRight},
               {"COMMAND", Align::kLeft, Fit::kFlexible}});
  const std::int64_t now_us = RealClock().wall_us();
  for (const abi::AgentEntry& agent : reply.agents) {
    std::string state = agent.state;
    if (agent.exit_code) state += " " + std::to_string(*agent.exit_code);
    table.add({agent.agent,
               agent.name,
               agent.parent.empty() ? "-" : agent.parent,
               {state, style_of(agent)},
               agent.pid > 0 ? std::to_string(agent.pid) : "-",
               agent.kind == "in-process" ? std::string("in-process (trusted)") : agent.kind,
               show_duration_us(std::max<std::int64_t>(0, now_us - agent.started_us)),
               std::to_string(agent.calls),
               {std::to_string(agent.denied), agent.denied > 0 ? Style::kBad : Style::kPlain},
               agent.command});
  }
  print_table(table);
  return kExitOk;
}

}  // namespace agentos::cli
