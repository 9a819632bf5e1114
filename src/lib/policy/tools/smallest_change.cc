// Single edits of all rules that name the call, in the order of who can make them; then pairs; then a grant.
#include "lib/policy/tools/smallest_change.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "lib/policy/matching.h"
#include "lib/policy/tools/bounds.h"
#include "lib/policy/tools/edits.h"
#include "lib/policy/tools/rule_clauses.h"

namespace agentos::policy::tools {
namespace {

using Who = Dimension::Who;

std::string_view kind_of(Who who) {
  switch (who) {
    case Who::kCaller:
      return "arguments";
    case Who::kTime:
      return "time";
    case Who::kOperator:
      break;
  }
  return "agent";
}

class Search {
 public:
  Search(const PolicySet& set, json::Object stated, Verdict verdict)
      : set_(set), stated_(std::move(stated)), verdict_(verdict) {}

  json::Value run(const Request& request) {
    gather(request);
    for (const Who who : {Who::kCaller, Who::kTime, Who::kOperator}) {
      if (json::Value found = singles(who); !found.is_null()) return found;
      if (who == Who::kCaller) {
        if (json::Value found = pairs(who); !found.is_null()) return found;
      }
    }
    return nullptr;
  }

 private:
  struct Choice {
    Who who;
    Edit edit;
  };

  void gather(const Request& request) {
    each_rule(*set_.program, [&](const Rule& rule, const Engine& engine) {
      const bool named = rule.any_call || std::ranges::binary_search(rule.calls, request.call);
      if (!named || rule.phase != request.phase) return;
      for (Dimension& dimension : dimensions_of(rule, engine.scope_of(rule), *set_.program)) {
        for (Edit& edit : dimension.edits) add({dimension.who, std::move(edit)});
      }
    });
  }

  void add(Choice choice) {
    if (choices_.size() >= kFlipTriesMax) return;
    json::Object after = stated_;
    apply_edit(choice.edit, after);
    if (after == stated_ || !seen_.insert(json::write_canonical(json::Value(std::move(after)))).second) return;
    choices_.push_back(std::move(choice));
  }

  // Arguments before what the call is about: the same call with another amount is nearer than another call.
  json::Value singles(Who who) {
    for (const bool arguments : {true, false}) {
      for (const Choice& choice : choices_) {
        if (choice.who != who || (choice.edit.front().path.front() == "args") != arguments) continue;
        if (json::Value found = attempt(who, choice.edit); !found.is_null()) return found;
      }
    }
    return nullptr;
  }

  json::Value pairs(Who who) {
    for (std::size_t i = 0; i < choices_.size(); ++i) {
      for (std::size_t j = i + 1; j < choices_.size(); ++j) {
        if (choices_[i].who != who || choices_[j].who != who) continue;
        if (choices_[i].edit.front().path == choices_[j].edit.front().path) continue;
        if (tries_ > kFlipTriesMax) return nullptr;
        Edit both = choices_[i].edit;
        both.insert(both.end(), choices_[j].edit.begin(), choices_[j].edit.end());
        if (json::Value found = attempt(who, both); !found.is_null()) return found;
      }
    }
    return nullptr;
  }

  bool flips(Verdict verdict) const {
    return verdict_ == Verdict::kAllow
               ? verdict != Verdict::kAllow
               : verdict == Verdict::kAllow || (verdict_ == Verdict::kDeny && verdict == Verdict::kAsk);
  }

  json::Value attempt(Who who, const Edit& edit) {
    ++tries_;
    json::Object changed = stated_;
    apply_edit(edit, changed);
    const auto request = set_.read(json::Value(changed));
    if (!request) return nullptr;
    const Decision decision = set_.program->decide((*request)->request());
    if (!flips(decision.verdict)) return nullptr;
    json::Array changes;
    for (const ArgumentEdit& assignment : edit) {
      const json::Value* before = member_of(stated_, assignment.path);
      json::Value from = before == nullptr ? json::Value() : *before;
      json::Value to = assignment.value ? *assignment.value : json::Value();
      if (from == to) continue;
      changes.push_back(
          json::Object{{"what", dotted(assignment.path)}, {"from", std::move(from)}, {"to", std::move(to)}});
    }
    return json::Object{{"kind", kind_of(who)},
                        {"changes", std::move(changes)},
                        {"verdict", verdict_name(decision.verdict)},
                        {"rule", decision.rule}};
  }

  const PolicySet& set_;
  const json::Object stated_;
  const Verdict verdict_;
  std::vector<Choice> choices_;
  std::set<std::string> seen_;
  std::size_t tries_ = 0;
};

std::string quoted(std::string_view text) {
  std::string out;
  json::write_string(text, out);
  return out;
}

bool is_literal_glob(std::string_view text) {
  return !text.empty() && text.find_first_of("*?[]{}\\") == std::string_view::npos && text.front() != '!';
}

// A document that allows this call and no other, as narrow as clauses can be.
std::string grant_text(const Request& request, Scope scope) {
  std::string rule = fmt::format("    - name: granted\n      syscalls: [{}]\n", request.call_name);
  if (request.phase != Phase::kCall) rule += fmt::format("      phase: {}\n", phase_name(request.phase));
  if (is_literal_glob(request.tool)) rule += fmt::format("      tools: [{}]\n", quoted(request.tool));
  if (is_literal_glob(request.path)) {
    rule += fmt::format("      paths: [{}", quoted(request.path));
    if (is_literal_glob(request.path_to)) rule += ", " + quoted(request.path_to);
    rule += "]\n";
  }
  if (is_literal_glob(request.target)) rule += fmt::format("      targets: [{}]\n", quoted(request.target));
  const std::string agents =
      is_literal_glob(request.principal.name) ? fmt::format("  agents: [{}]\n", quoted(request.principal.name)) : "";
  return fmt::format(
      "apiVersion: agentos/v1\nkind: Policy\nmetadata:\n  name: grant\nspec:\n{}  scope: {}\n  rules:\n{}      action: "
      "allow\n",
      agents, scope_name(scope), rule);
}

json::Value grant(const PolicySet& set, const json::Value& stated, const Request& request) {
  Scope broadest = Scope::kAgent;
  for (const Document& document : set.program->enforcing(Phase::kCall).documents()) {
    broadest = std::min(broadest, document.scope);
  }
  const std::string text = grant_text(request, broadest);
  std::vector<Source> sources = set.sources;
  sources.push_back({text, "grant.yaml"});
  const auto with = compile_set(std::move(sources), set.vocabulary, set.sql);
  if (!with) return nullptr;
  const auto again = with->read(stated);
  if (!again) return nullptr;
  const Decision decision = with->program->decide((*again)->request());
  if (decision.verdict == Verdict::kDeny) return nullptr;
  return json::Object{
      {"kind", "grant"}, {"document", text}, {"verdict", verdict_name(decision.verdict)}, {"rule", decision.rule}};
}

// With facts that the call takes from arguments stated as facts.
json::Object normalized(const json::Value& stated, const Request& request) {
  json::Object object = stated.as_object();
  json::Value* arguments = object.find("args");
  if (request.call_name == "exec" || arguments == nullptr || !arguments->is_object()) return object;
  const auto move = [&](const char* argument, const char* fact, std::string_view value) {
    if (value.empty() || object.find("args")->find(argument) == nullptr) return;
    object.find("args")->as_object().erase(argument);
    object[fact] = value;
  };
  move("path", "path", request.path);
  move("to", "path_to", request.path_to);
  return object;
}

json::Value approval(const Decision& decision) {
  json::Array approvers;
  for (std::size_t i = 0; i < decision.details_count; ++i) {
    for (const std::string& name : decision.details[i]->approvers) approvers.push_back(name);
  }
  if (approvers.empty()) approvers.push_back("any operator");
  return json::Object{{"kind", "approval"},
                      {"approvers", std::move(approvers)},
                      {"timeout_ms", decision.ask_timeout_ms},
                      {"verdict", "allow"},
                      {"rule", decision.rule}};
}

}  // namespace

json::Value smallest_change(const PolicySet& set, const json::Value& stated) {
  const auto request = set.read(stated);
  if (!request) return nullptr;
  const Request& asked = (*request)->request();
  const Decision decision = set.program->decide(asked);
  if (decision.verdict == Verdict::kAsk) return approval(decision);
  json::Value found = Search(set, normalized(stated, asked), decision.verdict).run(asked);
  if (!found.is_null() && found.string_or("kind", "") != "agent") return found;
  if (decision.verdict != Verdict::kDeny) return found;
  json::Value granted = grant(set, stated, asked);
  return granted.is_null() ? found : granted;
}

Result<json::Value> explain(const PolicySet& set, const json::Value& stated) {
  const auto request = TRY(set.read(stated));
  json::Value why = set.program->explain(request->request());
  why.as_object().erase("epoch");
  why.as_object().append("smallest_change", smallest_change(set, stated));
  return why;
}

}  // namespace agentos::policy::tools
