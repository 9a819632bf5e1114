// Edits from globs, rings, targets, windows, sequences, limits and comparisons.
#include "lib/policy/tools/edits.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "lib/policy/expression.h"
#include "lib/policy/form_condition.h"
#include "lib/policy/limits.h"
#include "lib/policy/tools/bounds.h"
#include "lib/policy/tools/instant.h"

namespace agentos::policy::tools {
namespace {

using Who = Dimension::Who;

Edit one(std::vector<std::string> path, json::Value value) { return {{std::move(path), std::move(value)}}; }
Edit without(std::vector<std::string> path) { return {{std::move(path), std::nullopt}}; }

Dimension of_texts(Who who, const std::string& member, const std::vector<Glob>& globs) {
  Dimension dimension{who, member, {}};
  const auto add = [&](const std::string& text) {
    dimension.edits.push_back(one({member}, text));
    // What a call takes from an argument is stated once.
    if (member == "path") dimension.edits.back().push_back({{"args", "path"}, std::nullopt});
    if (member == "path_to") dimension.edits.back().push_back({{"args", "to"}, std::nullopt});
  };
  // An example of each comes before what is near it, so that many globs all have their turn.
  for (const Glob& glob : globs) add(glob.example());
  for (const Glob& glob : globs) {
    for (const std::string& text : texts_near(glob)) add(text);
  }
  return dimension;
}

Edit named(const std::string& name) { return {{{"name"}, name}, {{"agent"}, name}}; }

Dimension of_names(const std::vector<Glob>& globs) {
  Dimension dimension{Who::kOperator, "name", {}};
  for (const Glob& glob : globs) dimension.edits.push_back(named(glob.example()));
  for (const Glob& glob : globs) {
    for (const std::string& text : texts_near(glob)) dimension.edits.push_back(named(text));
  }
  return dimension;
}

Dimension of_rings(std::uint8_t mask) {
  Dimension dimension{Who::kOperator, "ring", {}};
  for (const bool wanted : {true, false}) {
    for (int ring = kRingMax; ring >= 0; --ring) {
      if (((mask >> ring & 1) != 0) == wanted) dimension.edits.push_back(one({"ring"}, ring));
    }
  }
  return dimension;
}

void add_scope(const Agents& scope, std::vector<Dimension>& out) {
  if (!scope.names.empty()) out.push_back(of_names(scope.names));
  if (scope.rings != 0xff) out.push_back(of_rings(scope.rings));
  json::Array all;
  Dimension labels{Who::kOperator, "labels", {}};
  for (const auto& [globs, prefix] : {std::pair(&scope.groups, "group:"), std::pair(&scope.labels, "")}) {
    if (!globs->empty()) all.push_back(prefix + globs->front().example());
    for (const Glob& glob : *globs) {
      for (const std::string& text : texts_near(glob)) {
        labels.edits.push_back(one({"labels"}, json::Array{prefix + text}));
      }
    }
  }
  if (!all.empty()) {
    labels.edits.insert(labels.edits.begin(), one({"labels"}, std::move(all)));
    labels.edits.push_back(without({"labels"}));
    out.push_back(std::move(labels));
  }
  if (scope.when != nullptr) {
    for (Dimension& dimension : dimensions_of(*scope.when)) out.push_back(std::move(dimension));
  }
}

Dimension of_targets(const Targets& targets) {
  Dimension dimension{Who::kCaller, "target", {}};
  const auto add = [&](const char* target, const char* parent) {
    dimension.edits.push_back({{{"target"}, target}, {{"target_parent"}, parent}});
  };
  const Edit nobody = {{{"target"}, std::nullopt}, {{"target_parent"}, std::nullopt}};
  const Edit self = {{{"target"}, "self"}, {{"target_parent"}, std::nullopt}};
  if (targets.self) dimension.edits.push_back(self);
  if (targets.children) add("child-1", "self");
  if (targets.parent) add("parent", "root-1");
  if (targets.nobody) dimension.edits.push_back(nobody);
  for (const Glob& glob : targets.globs) {
    for (const std::string& text : texts_near(glob)) add(text.c_str(), "root-1");
  }
  add("stranger-1", "root-1");
  dimension.edits.push_back(self);
  add("child-1", "self");
  add("parent", "root-1");
  dimension.edits.push_back(nobody);
  return dimension;
}

// Instants on both sides of every change of the window in one week, and of its own instants.
void add_window(const Window& window, std::set<std::int64_t>& seconds) {
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kEdgesMax = 8;
  const WindowSpec& spec = window.spec();
  std::int64_t start = 1'767'571'200;  // Monday 2026-01-05, midnight UTC
  const bool bounded = spec.from_us > INT64_MIN / 2 || spec.until_us < INT64_MAX / 2;
  for (const std::int64_t us : {spec.from_us, spec.until_us}) {
    if (us <= INT64_MIN / 2 || us >= INT64_MAX / 2) continue;
    for (const std::int64_t second : {us / 1'000'000 - 1, us / 1'000'000}) {
      if (second >= 0) seconds.insert(second);
    }
  }
  if (bounded && spec.from_us > INT64_MIN / 2) start = spec.from_us / 1'000'000 / kMinute * kMinute;
  std::int64_t edges = 0;
  bool last = window.contains(start * 1'000'000);
  seconds.insert(start);
  for (std::int64_t at = start + kMinute; at < start + std::int64_t{8} * kMinutesPerDay * kMinute; at += kMinute) {
    const bool now = window.contains(at * 1'000'000);
    if (now != last && ++edges <= kEdgesMax) {
      seconds.insert(at - 1);
      seconds.insert(at);
    }
    last = now;
  }
}

void add_past(const Rule& rule, const CompiledProgram& program, std::vector<Dimension>& out) {
  if (!rule.during.empty() || !rule.outside.empty()) {
    std::set<std::int64_t> seconds;
    for (const auto* list : {&rule.during, &rule.outside}) {
      for (const NamedWindow& one : *list) add_window(*one.window, seconds);
    }
    Dimension time{Who::kTime, "time", {}};
    for (const std::int64_t second : seconds) time.edits.push_back(one({"time"}, instant_text(second)));
    out.push_back(std::move(time));
  }
  if (!rule.after.empty() || !rule.not_after.empty()) {
    json::Array after, not_after;
    for (std::uint32_t sequence : rule.after) after.push_back(program.sequences()[sequence].id);
    for (std::uint32_t sequence : rule.not_after) not_after.push_back(program.sequences()[sequence].id);
    Dimension happened{Who::kTime, "happened", {}};
    if (!after.empty()) happened.edits.push_back(one({"happened"}, after));
    happened.edits.push_back(without({"happened"}));
    if (!not_after.empty()) happened.edits.push_back(one({"happened"}, not_after));
    if (!after.empty() && !not_after.empty()) {
      for (const json::Value& sequence : not_after) after.push_back(sequence);
      happened.edits.push_back(one({"happened"}, after));
    }
    out.push_back(std::move(happened));
  }
  if (rule.limit >= 0) {
    const std::string& id = program.limits()[static_cast<std::size_t>(rule.limit)].id;
    out.push_back({Who::kTime, "used_up", {one({"used_up"}, json::Array{id}), without({"used_up"})}});
  }
}

void add_conditions(const Rule& rule, std::vector<Dimension>& out) {
  std::set<std::string> seen;
  for (const Condition& first : rule.conditions) {
    if (!seen.insert(first.argument).second) continue;
    Dimension dimension{Who::kCaller, "args." + first.argument, {}};
    const std::vector<std::string> path = {"args", first.argument};
    for (const Condition& condition : rule.conditions) {
      if (condition.argument != first.argument) continue;
      if (condition.type == Condition::Type::kForm) continue;
      for (const std::string& text : condition.texts) {
        dimension.edits.push_back(one(path, text));
        dimension.edits.push_back(one(path, text + "x"));
        dimension.edits.push_back(one(path, "x" + text));
      }
      for (const std::int64_t integer : condition.integers) {
        dimension.edits.push_back(one(path, integer));
        if (integer > INT64_MIN) dimension.edits.push_back(one(path, integer - 1));
        if (integer < INT64_MAX) dimension.edits.push_back(one(path, integer + 1));
      }
    }
    if (std::string example = form_example(rule.conditions, first.argument); !example.empty()) {
      dimension.edits.push_back(one(path, example + "x"));
      dimension.edits.push_back(one(path, std::move(example)));
    }
    dimension.edits.push_back(without(path));
    // Of another type than the one compared, which denies.
    dimension.edits.push_back(
        one(path, first.type != Condition::Type::kInteger ? json::Value(0) : json::Value("another type")));
    out.push_back(std::move(dimension));
  }
}

// An argument that a call takes a fact from takes the fact's place in the request.
void state_once(Edit& edit) {
  constexpr std::pair<std::string_view, std::string_view> kFacts[] = {
      {"path", "path"}, {"to", "path_to"}, {"target", "target"}, {"agent", "target"}};
  const std::vector<std::string> path = edit.front().path;
  if (path.size() != 2 || path[0] != "args") return;
  for (const auto& [argument, fact] : kFacts) {
    if (path[1] == argument) edit.push_back({{std::string(fact)}, std::nullopt});
  }
}

}  // namespace

std::vector<std::string> texts_near(const Glob& glob) {
  std::string shortest, longest;
  for (const char c : glob.pattern()) {
    if (c == '?') shortest += 'y';
    if (c != '?' && c != '*') shortest += c;
    longest += c == '*' ? "yy" : c == '?' ? std::string_view("y") : std::string_view(&c, 1);
  }
  std::vector<std::string> texts = {glob.example(), shortest, longest, glob.pattern() + "x", "x" + glob.pattern()};
  if (glob.pattern().starts_with('/')) {
    const std::string folder(glob.folder());
    texts.insert(texts.end(), {folder, folder + "/x", folder + "/x/y", folder + "x", folder + "x/y", "/x" + folder});
    const std::size_t slash = folder.rfind('/');
    if (slash != std::string::npos) texts.push_back(folder.substr(0, slash) + "/zz");
  } else {
    texts.emplace_back("zz-other");
  }
  std::vector<std::string> kept;
  for (const bool wanted : {true, false}) {  // those that match first
    for (const std::string& text : texts) {
      if (text.empty() || text.find_first_of("*?") != std::string::npos || glob.matches(text) != wanted) continue;
      if (glob.pattern().starts_with('/') && !text.starts_with('/')) continue;
      if (std::ranges::find(kept, text) == kept.end()) kept.push_back(text);
    }
  }
  return kept;
}

std::vector<Dimension> dimensions_of(const Rule& rule, const Agents& scope, const CompiledProgram& program) {
  std::vector<Dimension> out;
  add_scope(scope, out);
  if (!rule.agents.empty()) out.push_back(of_names(rule.agents));
  if (rule.rings != 0x0f) out.push_back(of_rings(rule.rings));
  if (!rule.tools.empty()) out.push_back(of_texts(Who::kCaller, "tool", rule.tools));
  if (!rule.paths.empty()) {
    out.push_back(of_texts(Who::kCaller, "path", rule.paths));
    const bool two = rule.any_call || std::ranges::find(rule.call_names, "rename") != rule.call_names.end();
    if (two) out.push_back(of_texts(Who::kCaller, "path_to", rule.paths));
  }
  if (!rule.targets.empty()) out.push_back(of_targets(rule.targets));
  add_past(rule, program, out);
  add_conditions(rule, out);
  if (rule.when != nullptr) {
    for (Dimension& dimension : dimensions_of(*rule.when)) out.push_back(std::move(dimension));
  }
  for (Dimension& dimension : out) {
    if (dimension.edits.size() > kValuesMax) dimension.edits.resize(kValuesMax);
    for (Edit& edit : dimension.edits) state_once(edit);
  }
  return out;
}

void apply_edit(const Edit& edit, json::Object& stated) {
  for (const ArgumentEdit& assignment : edit) {
    json::Object* object = &stated;
    for (std::size_t i = 0; i + 1 < assignment.path.size() && object != nullptr; ++i) {
      json::Value& inner = (*object)[assignment.path[i]];
      if (!inner.is_object()) inner = json::Object{};
      object = &inner.as_object();
    }
    if (assignment.value) {
      (*object)[assignment.path.back()] = *assignment.value;
    } else {
      object->erase(assignment.path.back());
    }
  }
}

const json::Value* member_of(const json::Object& stated, const std::vector<std::string>& path) {
  const json::Value* at = stated.find(path.front());
  for (std::size_t i = 1; i < path.size() && at != nullptr; ++i) at = at->find(path[i]);
  return at;
}

std::string dotted(const std::vector<std::string>& path) {
  std::string text;
  for (const std::string& part : path) text += (text.empty() ? "" : ".") + part;
  return text;
}

}  // namespace agentos::policy::tools
