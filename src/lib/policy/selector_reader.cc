// The clauses that rules, limits and steps have in common, each checked where it stands.
#include <fmt/format.h>

#include <algorithm>

#include "lib/policy/condition_reader.h"
#include "lib/policy/keys.h"
#include "lib/policy/limits.h"
#include "lib/policy/reading.h"

namespace agentos::policy {
namespace {

using Kind = yaml::Node::Kind;

void read_calls(Reading& reading, const yaml::Node& node, std::string_view owner, Selector& selector) {
  const yaml::Node* calls = node.find("syscalls");
  if (calls == nullptr && node.find("tools") != nullptr) {
    selector.call_names.emplace_back("exec");
    for (const auto& call : reading.vocabulary.calls) {
      if (call.name == "exec") selector.calls.push_back(call.number);
    }
    return;
  }
  if (calls == nullptr) {
    reading.complaints.add(node.mark, fmt::format("{} has no \"syscalls\"", owner),
                           "add \"syscalls: [read, ...]\", [\"*\"], or \"tools: [...]\"");
    return;
  }
  for (const yaml::Node* item : reading.read.strings(*calls, "syscalls")) {
    selector.call_names.push_back(item->text);
    if (item->text == "*") {
      selector.any_call = true;
      continue;
    }
    int which = reading.read.word(*item, "syscall", reading.call_names);
    if (which >= 0) selector.calls.push_back(reading.vocabulary.calls[static_cast<std::size_t>(which)].number);
  }
  std::ranges::sort(selector.calls);
  selector.calls.erase(std::ranges::unique(selector.calls).begin(), selector.calls.end());
}

void read_tools(Reading& reading, const yaml::Node& node, std::string_view owner, Selector& selector) {
  const yaml::Node* tools = node.find("tools");
  if (tools == nullptr) return;
  selector.tools = reading.read.globs(*tools, "tools", Glob::Style::kName);
  for (const std::string& call : selector.call_names) {
    if (call == "exec") continue;
    reading.complaints.add(tools->mark,
                           fmt::format("\"tools\" is only for exec, but {} also names \"{}\"",
                                       owner == "a rule" ? "the rule" : owner, call),
                           "write syscalls: [exec], and a second rule for the rest");
    return;
  }
}

void read_targets(Reading& reading, const yaml::Node& node, Targets& targets) {
  for (const yaml::Node* item : reading.read.strings(node, "targets")) {
    targets.patterns.push_back(item->text);
    if (item->text == "self") {
      targets.self = true;
    } else if (item->text == "children") {
      targets.children = true;
    } else if (item->text == "parent") {
      targets.parent = true;
    } else if (item->text == "none") {
      targets.nobody = true;
    } else if (Result<Glob> glob = Glob::compile(item->text, Glob::Style::kName)) {
      targets.globs.push_back(std::move(*glob));
    } else {
      reading.complaints.add(item->mark, fmt::format("targets: {}", glob.error().message), glob.error().hint);
    }
  }
}

std::uint8_t read_rings(Reading& reading, const yaml::Node& rings) {
  std::uint8_t mask = 0;
  if (!reading.read.is(rings, Kind::kSequence, "rings")) return mask;
  if (rings.items.empty()) reading.complaints.add(rings.mark, "\"rings\" is an empty list, which nothing matches");
  for (const yaml::Node& item : rings.items) {
    mask |= static_cast<std::uint8_t>(1u << reading.read.integer(item, "an entry of rings", 0, kRingMax));
  }
  return mask;
}

template <class Map>
std::vector<std::string_view> names_of(const Map& map) {
  std::vector<std::string_view> names;
  for (const auto& [name, value] : map) names.push_back(name);
  return names;
}

void read_open_windows(Reading& reading, const yaml::Node& node, std::string_view key,
                       std::vector<NamedWindow>& windows) {
  const yaml::Node* list = node.find(key);
  if (list == nullptr) return;
  for (const yaml::Node* item : reading.read.strings(*list, key)) {
    auto window = reading.windows.find(item->text);
    if (window == reading.windows.end()) {
      reading.complaints.add(
          item->mark, fmt::format("no window is named \"{}\"", item->text),
          reading.windows.empty() ? "declare it below spec.windows" : suggest(item->text, names_of(reading.windows)));
      continue;
    }
    windows.push_back({window->first, window->second});
  }
}

void read_past(Reading& reading, const yaml::Node& node, std::string_view key, std::vector<std::uint32_t>& sequences,
               std::vector<std::string>& names) {
  const yaml::Node* list = node.find(key);
  if (list == nullptr) return;
  for (const yaml::Node* item : reading.read.strings(*list, key)) {
    auto sequence = reading.sequences.find(item->text);
    if (sequence == reading.sequences.end()) {
      reading.complaints.add(item->mark, fmt::format("no sequence is named \"{}\"", item->text),
                             reading.sequences.empty() ? "declare it below spec.sequences"
                                                       : suggest(item->text, names_of(reading.sequences)));
      continue;
    }
    sequences.push_back(sequence->second);
    names.push_back(item->text);
  }
}

}  // namespace

void read_selector(Reading& reading, const yaml::Node& node, Phase phase, std::string_view owner, Selector& selector) {
  selector.mark = node.mark;
  read_calls(reading, node, owner, selector);
  read_tools(reading, node, owner, selector);
  if (const yaml::Node* agents = node.find("agents")) {
    selector.agents = reading.read.globs(*agents, "agents", Glob::Style::kName);
  }
  if (const yaml::Node* paths = node.find("paths")) {
    selector.paths = reading.read.globs(*paths, "paths", Glob::Style::kPath);
  }
  if (const yaml::Node* targets = node.find("targets")) read_targets(reading, *targets, selector.targets);
  if (const yaml::Node* rings = node.find("rings")) selector.rings = read_rings(reading, *rings);
  read_open_windows(reading, node, "during", selector.during);
  read_open_windows(reading, node, "outside", selector.outside);
  read_past(reading, node, "after", selector.after, selector.after_names);
  read_past(reading, node, "not_after", selector.not_after, selector.not_after_names);
  if (const yaml::Node* arguments = node.find("arguments")) {
    if (phase == Phase::kList) {
      reading.complaints.add(arguments->mark, "\"arguments\" are not known in the phase list",
                             "leave them to a rule of the phase call");
    }
    selector.conditions =
        read_conditions(reading.read, *arguments, fmt::format("{} ({})", owner, reading.place_of(node.mark)),
                        selector.every_path ? Condition::Quantity::kEvery : Condition::Quantity::kOne);
  }
  if (const yaml::Node* when = node.find("when")) {
    selector.when = reading.expression(
        *when, "when", attributes_for(reading.vocabulary, phase, selector, reading.tables->as_object()));
  }
  selector.needs_arguments = !selector.conditions.empty() || !selector.paths.empty() || !selector.targets.empty();
  if (selector.when == nullptr) return;
  for (const std::string& path : selector.when->reads()) {
    const std::string_view variable = std::string_view(path).substr(0, path.find('.'));
    selector.needs_arguments =
        selector.needs_arguments || variable == "args" || variable == "findings" || variable == "call";
    selector.needs_history = selector.needs_history || variable == "history";
  }
}

Agents read_agents(Reading& reading, const yaml::Node& node) {
  Agents agents;
  if (node.kind != Kind::kMapping) {
    agents.names = reading.read.globs(node, "agents", Glob::Style::kName);
    return agents;
  }
  reading.read.only_keys(node, "agents", key_names(Where::kAgents));
  if (const yaml::Node* names = node.find("names")) {
    agents.names = reading.read.globs(*names, "names", Glob::Style::kName);
  }
  if (const yaml::Node* groups = node.find("groups")) {
    agents.groups = reading.read.globs(*groups, "groups", Glob::Style::kName);
  }
  if (const yaml::Node* labels = node.find("labels")) {
    agents.labels = reading.read.globs(*labels, "labels", Glob::Style::kName);
  }
  if (const yaml::Node* rings = node.find("rings")) agents.rings = read_rings(reading, *rings);
  if (const yaml::Node* when = node.find("when")) {
    agents.when = reading.expression(*when, "when", attributes_of_agents(reading.tables->as_object()));
  }
  return agents;
}

}  // namespace agentos::policy
