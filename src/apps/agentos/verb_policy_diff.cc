// agentos policy diff: what two sets of documents decide otherwise, each difference with a request that shows it.
#include <fmt/format.h>

#include "apps/agentos/explanation.h"
#include "apps/agentos/policy_input.h"
#include "apps/agentos/report.h"
#include "lib/policy/tools/bounds.h"
#include "lib/policy/tools/diff.h"

namespace agentos::cli {
namespace {

using policy::tools::Diff;
using policy::tools::Difference;

std::string shown(const json::Object& decision, const Screen& screen) {
  const json::Value whole{json::Object(decision)};
  const std::string_view verdict = whole.string_or("verdict", "");
  return fmt::format("{} {}", styled(screen, style_of_verdict(verdict), printable(verdict)),
                     printable(whole.string_or("rule", "")));
}

json::Array names(const std::vector<std::string>& ids) {
  json::Array list;
  for (const std::string& id : ids) list.push_back(id);
  return list;
}

// What differs when verdict and rule do not tell it.
std::string details(const Difference& one) {
  std::string out;
  for (const auto& [word, decision] : {std::pair("before", &one.before), std::pair("after ", &one.after)}) {
    for (const auto& [key, value] : *decision) {
      const bool tells = one.kind == "obligations"
                             ? key != "verdict" && key != "rule" && key != "reason" && key != "message"
                         : one.kind == "message" ? key == "message"
                                                 : one.kind == "observed" && key == "reason";
      if (tells) out += fmt::format("  {} {}: {}\n", word, key, printable(json::write(value)));
    }
  }
  return out;
}

void print_people(const Diff& found) {
  const Screen screen = screen_of(1);
  for (const std::string& id : found.rules_removed) print(fmt::format("rule - {}\n", printable(id)));
  for (const std::string& id : found.rules_added) print(fmt::format("rule + {}\n", printable(id)));
  for (const std::string& id : found.past_changed) {
    print(fmt::format("limit or sequence {} is stated otherwise\n", printable(id)));
  }
  for (const Difference& one : found.differences) {
    print(fmt::format("{}: {} -> {}\n", one.kind, shown(one.before, screen), shown(one.after, screen)));
    print(details(one));
    print(fmt::format("  --request '{}'\n", printable(json::write(json::Value(one.request)))));
    if (!(one.request == one.request_after)) {
      print(fmt::format("  after: --request '{}'\n", printable(json::write(json::Value(one.request_after)))));
    }
  }
  print(fmt::format("{} differences by {} requests{}\n", found.differences.size(), found.requests,
                    found.cut_short ? "; the search ended at its bound" : ""));
}

}  // namespace

Result<int> verb_policy_diff(const Globals& globals, const PolicyOptions& options) {
  const policy::tools::PolicySet before = TRY(policy_set_of(globals, options, {options.before}));
  auto compiled = policy::tools::compile_set(TRY(read_policies({options.after})), before.vocabulary, before.sql);
  if (!compiled) return invalid(compiled.error());
  const Diff found = policy::tools::diff(before, *compiled);
  if (globals.format == Format::kJson) {
    json::Array differences;
    for (const Difference& one : found.differences) {
      json::Object object{{"kind", one.kind}, {"request", one.request}, {"before", one.before}, {"after", one.after}};
      if (!(one.request == one.request_after)) object.append("request_after", one.request_after);
      differences.push_back(std::move(object));
    }
    print_json(json::Object{{"differences", std::move(differences)},
                            {"rules_removed", names(found.rules_removed)},
                            {"rules_added", names(found.rules_added)},
                            {"past_changed", names(found.past_changed)},
                            {"requests", static_cast<std::int64_t>(found.requests)},
                            {"cut_short", found.cut_short}});
  } else {
    print_people(found);
  }
  return found.same() ? kExitOk : kExitFailure;
}

}  // namespace agentos::cli
