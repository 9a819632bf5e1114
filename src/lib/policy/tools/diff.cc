// Seeds, then seeds with one edit, then rules on top of each other's seeds, then pairs of edits, until the bound.
#include "lib/policy/tools/diff.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <unordered_set>

#include "lib/policy/clauses.h"
#include "lib/policy/expression.h"
#include "lib/policy/tools/bounds.h"
#include "lib/policy/tools/witness.h"

namespace agentos::policy::tools {
namespace {

constexpr std::string_view kKinds[] = {"verdict", "observed", "obligations", "message", "rule"};

// What of a rule can matter to a decision, without its place; the edits hold what windows and tables say.
std::string fingerprint(const RuleClauses& clauses, const std::vector<Dimension>& dimensions,
                        const Document& document) {
  const Rule& rule = clauses.rule();
  json::Array parts;
  for (const RuleClauses::Clause& clause : clauses.list()) parts.push_back(clause.name + clause.pattern);
  for (const std::string& call : rule.call_names) parts.push_back(call);
  for (const Dimension& dimension : dimensions) {
    for (const Edit& edit : dimension.edits) {
      for (const ArgumentEdit& one : edit) {
        parts.push_back(dotted(one.path));
        if (one.value) parts.push_back(*one.value);
      }
    }
  }
  for (std::string_view name : obligation_names(rule.obligations)) parts.push_back(name);
  parts.push_back(json::Array{rule.id, verdict_name(rule.action), phase_name(rule.phase), mode_name(rule.mode),
                              static_cast<std::int64_t>(rule.priority), rule.message, rule.ask_timeout_ms,
                              mode_name(document.mode), scope_name(document.scope),
                              combining_name(document.combining)});
  return json::write(parts);
}

struct Known {
  RuleClauses clauses;
  std::vector<Dimension> dimensions;
  const PolicySet* set;
  int side;  // 0: before, 1: after
  bool changed = true;
  std::vector<json::Object> seeds;  // one a call
};

// The request with only those sequences and limits that the set declares.
json::Object fitted(const json::Object& stated, const PolicySet& set) {
  json::Object fit = stated;
  const auto keep = [&](const char* key, const auto& specs) {
    json::Value* list = fit.find(key);
    if (list == nullptr || !list->is_array()) return;
    std::erase_if(list->as_array(), [&](const json::Value& name) {
      return std::ranges::none_of(specs, [&](const auto& spec) { return json::Value(spec.id) == name; });
    });
    if (list->as_array().empty()) fit.erase(key);
  };
  keep("happened", set.program->sequences());
  keep("used_up", set.program->limits());
  return fit;
}

std::string_view would_of(const json::Object& decision) {
  const json::Value* reason = decision.find("reason");
  if (reason == nullptr || !reason->is_string()) return "";
  if (reason->as_string().starts_with("would deny: ")) return "deny";
  return reason->as_string().starts_with("would ask: ") ? "ask" : "";
}

// The first thing in which two decisions differ, as an index of kKinds; -1: none.
int kind_of(const json::Object& a, const json::Object& b) {
  const auto differ = [&](std::initializer_list<const char*> keys) {
    return std::ranges::any_of(keys, [&](const char* key) {
      const json::Value* x = a.find(key);
      const json::Value* y = b.find(key);
      return (x == nullptr) != (y == nullptr) || (x != nullptr && !(*x == *y));
    });
  };
  if (differ({"verdict"})) return 0;
  if (would_of(a) != would_of(b)) return 1;
  if (differ({"obligations", "labels", "approvers", "ask_timeout_ms", "transforms", "redactions"})) return 2;
  if (differ({"message"})) return 3;
  return differ({"rule"}) ? 4 : -1;
}

class Comparison {
 public:
  Comparison(const PolicySet& before, const PolicySet& after) : before_(before), after_(after) {}

  Diff run() {
    gather();
    for (Known* one : order_) seed(*one);
    for (Known* one : order_) edits_of_others(*one, false);
    for (Known* one : order_) on_top(*one);
    for (Known* one : order_) edits_of_others(*one, true);
    finish();
    return std::move(result_);
  }

 private:
  void gather() {
    std::map<std::string, std::vector<Known*>> by_fingerprint;
    std::set<std::string> ids[2];
    for (const int side : {0, 1}) {
      const PolicySet& set = side == 0 ? before_ : after_;
      each_rule(*set.program, [&](const Rule& rule, const Engine& engine) {
        Known& known = rules_.emplace_back(Known{
            RuleClauses(rule, engine), dimensions_of(rule, engine.scope_of(rule), *set.program), &set, side, true, {}});
        by_fingerprint[fingerprint(known.clauses, known.dimensions, engine.documents()[rule.document])].push_back(
            &known);
        ids[side].insert(rule.id);
      });
    }
    std::ranges::set_difference(ids[0], ids[1], std::back_inserter(result_.rules_removed));
    std::ranges::set_difference(ids[1], ids[0], std::back_inserter(result_.rules_added));
    for (const auto& [print, same] : by_fingerprint) {
      const bool in_both = std::ranges::any_of(same, [&](const Known* one) { return one->side != same.front()->side; });
      for (Known* one : same) one->changed = !in_both;
    }
    for (const bool changed : {true, false}) {
      for (Known& one : rules_) {
        if (one.changed == changed) order_.push_back(&one);
      }
    }
  }

  bool ended() {
    if (result_.requests < kDiffTriesMax) return false;
    result_.cut_short = true;
    return true;
  }

  void seed(Known& one) {
    const Vocabulary& vocabulary = *one.set->vocabulary;
    const std::size_t calls = calls_of(one.clauses.rule(), vocabulary);
    for (std::size_t call = 0; call < calls && !ended(); ++call) {
      const json::Object base = base_request(one.clauses.rule(), vocabulary, call);
      attempt(base);
      auto satisfying = satisfying_request(one.clauses, one.dimensions, *one.set, base);
      if (!satisfying) continue;
      attempt(*satisfying);
      one.seeds.push_back(std::move(*satisfying));
    }
  }

  // Two different rules that both sets have are not tried on each other: a difference has a rule that differs.
  static bool same_call(const Known& other, const Known& one, const json::Object& seed) {
    const json::Value* call = seed.find("call");
    if (&other != &one && !other.changed && !one.changed) return false;
    if (other.clauses.rule().phase != one.clauses.rule().phase || call == nullptr) return false;
    for (const Vocabulary::Call& known : one.set->vocabulary->calls) {
      if (json::Value(known.name) == *call) return other.clauses.names_call(known.number);
    }
    return false;
  }

  // Each seed with every edit of every rule about the same call; in pairs only its own rule's edits with another's.
  void edits_of_others(Known& one, bool in_pairs) {
    for (const json::Object& seed : one.seeds) {
      for (Known* other : order_) {
        if (!same_call(*other, one, seed)) continue;
        for (const Dimension& dimension : other->dimensions) {
          for (const Edit& edit : dimension.edits) {
            if (ended()) return;
            json::Object changed = seed;
            apply_edit(edit, changed);
            if (in_pairs) {
              second_edits(one, dimension, changed);
            } else {
              attempt(changed);
            }
          }
        }
      }
    }
  }

  void second_edits(const Known& one, const Dimension& first, const json::Object& changed) {
    for (const Dimension& dimension : one.dimensions) {
      if (dimension.what == first.what) continue;
      for (const Edit& edit : dimension.edits) {
        if (ended()) return;
        json::Object twice = changed;
        apply_edit(edit, twice);
        attempt(twice);
      }
    }
  }

  // From a request one rule applies to, to one that another does: where both can apply, one that both do.
  void on_top(Known& one) {
    for (const json::Object& seed : one.seeds) {
      for (Known* other : order_) {
        if (other == &one || !same_call(*other, one, seed)) continue;
        if (ended()) return;
        const json::Object start = fitted(seed, *other->set);
        if (auto both = satisfying_request(other->clauses, other->dimensions, *other->set, start)) attempt(*both);
      }
    }
  }

  struct Pair {
    json::Object before, after;
    int kind = -1;
  };

  std::optional<Pair> decide(const json::Object& stated) const {
    const auto old = before_.read(json::Value(fitted(stated, before_)));
    const auto now = after_.read(json::Value(fitted(stated, after_)));
    if (!old || !now) return std::nullopt;
    Pair pair{to_json(before_.program->decide((*old)->request())), to_json(after_.program->decide((*now)->request()))};
    pair.kind = kind_of(pair.before, pair.after);
    return pair;
  }

  static std::string signature(const Pair& pair, const json::Object& stated) {
    json::Array parts{pair.kind};
    for (const json::Object* decision : {&pair.before, &pair.after}) {
      for (const char* key : {"verdict", "rule"}) parts.push_back(*decision->find(key));
      parts.push_back(would_of(*decision));
    }
    if (const json::Value* call = stated.find("call")) parts.push_back(*call);
    return json::write(parts);
  }

  void attempt(const json::Object& stated) {
    if (!seen_.insert(json::write_canonical(json::Value(stated))).second) return;
    ++result_.requests;
    const auto pair = decide(stated);
    if (!pair || pair->kind < 0) return;
    const std::string key = signature(*pair, stated);
    if (found_.size() >= kWitnessesMax && !found_.contains(key)) {
      result_.cut_short = true;
      return;
    }
    const auto [place, fresh] = found_.try_emplace(key, stated);
    if (!fresh && json::write(json::Value(stated)).size() < json::write(json::Value(place->second)).size()) {
      place->second = stated;
    }
  }

  // Takes away what the difference does not need.
  json::Object smaller(json::Object stated, const std::string& key) const {
    std::vector<std::string> members;
    for (const auto& [name, value] : stated) members.push_back(name);
    for (const std::string& name : members) {
      if (name == "call" || name == "agent") continue;
      json::Object less = stated;
      less.erase(name);
      const auto pair = decide(less);
      if (pair && pair->kind >= 0 && signature(*pair, less) == key) stated = std::move(less);
    }
    return stated;
  }

  // How much a limit allows and what a sequence's bounds are no request shows, so they are compared as stated.
  void compare_past() {
    const auto differ = [&](const auto& before, const auto& after) {
      for (const auto& old : before) {
        for (const auto& now : after) {
          if (old.id == now.id && !(old == now)) result_.past_changed.push_back(old.id);
        }
      }
    };
    differ(before_.program->limits(), after_.program->limits());
    differ(before_.program->sequences(), after_.program->sequences());
  }

  void finish() {
    compare_past();
    for (const auto& [key, stated] : found_) {
      const json::Object least = smaller(stated, key);
      auto pair = decide(least);
      if (!pair || pair->kind < 0) continue;
      result_.differences.push_back({std::string(kKinds[pair->kind]), std::move(pair->before), std::move(pair->after),
                                     fitted(least, before_), fitted(least, after_)});
    }
    const auto place = [](const Difference& one) {
      return std::pair(std::ranges::find(kKinds, one.kind) - std::begin(kKinds), json::write(json::Value(one.request)));
    };
    std::ranges::sort(result_.differences, {}, place);
  }

  const PolicySet& before_;
  const PolicySet& after_;
  std::deque<Known> rules_;
  std::vector<Known*> order_;
  std::unordered_set<std::string> seen_;
  std::map<std::string, json::Object> found_;
  Diff result_;
};

}  // namespace

Diff diff(const PolicySet& before, const PolicySet& after) { return Comparison(before, after).run(); }

}  // namespace agentos::policy::tools
