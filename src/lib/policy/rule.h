// A rule after reading: checked, its globs and expressions compiled, its sentences rendered. What engine.h decides
// with.
//
// Everything decide() needs is here ready-made, so that deciding only compares; nothing here changes after reading.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml/document.h"
#include "lib/canonical/host.h"
#include "lib/policy/decision.h"
#include "lib/policy/glob.h"
#include "lib/policy/policy.h"
#include "lib/policy/state/window.h"

namespace agentos::policy {

class Expression;  // expression.h

// kError denies: an argument of another type than a condition compares, an expression that fails.
enum class Truth : std::uint8_t { kFalse, kTrue, kError };

// One comparison with one named argument.
struct Condition {
  enum class Operator : std::uint8_t {
    kEquals,
    kIn,
    kPrefix,
    kLessThan,
    kGreaterThan,
    kAtMost,
    kAtLeast,
    // The rest compares a canonical form of the argument (form_condition.h).
    kHost,
    kScheme,
    kPort,
    kUrlPath,
    kUnder,
    kPath,
    kPrograms,
    kRedirectsTo,
    kStatements,
    kTables,
    kReads,
    kWrites,
    kFunctions,
    kSqlHazards,
    kTextHazards,
  };
  static constexpr Operator kFirstForm = Operator::kHost;
  enum class Type : std::uint8_t { kText, kInteger, kForm };
  // Of forms that have several values: of an allow rule each must be among the patterns, of any other rule one.
  enum class Quantity : std::uint8_t { kOne, kEvery };
  std::string argument;
  Operator op = Operator::kEquals;
  Type type = Type::kText;
  std::vector<std::string> texts;      // sorted; one but for kIn
  std::vector<std::int64_t> integers;  // sorted; one but for kIn
  Quantity quantity = Quantity::kOne;
  std::uint32_t flags = 0;                    // hazards
  std::vector<Glob> globs;                    // of forms: names, or paths
  std::vector<Glob> bare;                     // of SQL names, for each of `globs`: what stands behind the schema
  std::vector<canonical::HostPattern> hosts;  // kHost
  std::string mismatch_reason;                // for the operator, when the argument has another type
  std::string would_reason;                   // the same when the document only observes
  std::string mismatch_message;               // for the model
};

// The agents a call acts upon.
struct Targets {
  bool self = false;
  bool children = false;
  bool parent = false;
  bool nobody = false;  // the call acts on no agent
  std::vector<Glob> globs;
  std::vector<std::string> patterns;  // as written
  bool empty() const { return patterns.empty(); }
};

// Agents by what is known of them. Lists are alternatives, different lists must all hold; empty: every agent.
struct Agents {
  std::vector<Glob> names;  // name or id
  std::vector<Glob> groups;
  std::vector<Glob> labels;
  std::uint8_t rings = 0xff;  // bit n: ring n
  std::shared_ptr<const Expression> when;
  bool everyone() const {
    return names.empty() && groups.empty() && labels.empty() && rings == 0xff && when == nullptr;
  }
};

// A named window of time and the name it has in its document.
struct NamedWindow {
  std::string name;
  std::shared_ptr<const Window> window;
};

// Which requests: the clauses that rules, limits and steps of sequences have in common. A clause left out holds.
struct Selector {
  std::uint8_t rings = 0x0f;  // bit n: ring n
  bool any_call = false;
  bool every_path = false;       // a call with two paths needs both to match
  bool needs_arguments = false;  // has clauses about what a call that is only listed does not have
  bool needs_history = false;
  bool action_denies = false;
  bool tightens = false;  // what it matches is refused, asked for or counted, not allowed
  bool plain = false;     // has no clauses beside rings, tools, conditions and when; an engine says so of its rules
  std::vector<Glob> tools;
  std::vector<Condition> conditions;
  std::shared_ptr<const Expression> when;
  std::vector<Glob> paths;
  std::vector<Glob> agents;
  Targets targets;
  std::vector<NamedWindow> during;       // one of them has to be open
  std::vector<NamedWindow> outside;      // none of them may be open
  std::vector<std::uint32_t> after;      // sequences of the program that all have happened
  std::vector<std::uint32_t> not_after;  // and that have not
  std::vector<std::uint16_t> calls;      // sorted
  std::vector<std::string> call_names;
  std::vector<std::string> after_names, not_after_names;
  yaml::Mark mark;

  bool fallible() const { return !conditions.empty() || when != nullptr; }
};

inline constexpr std::size_t kCacheLineBytes = 64;

// What is read of a rule for every candidate, in one line of cache.
struct Standing {
  std::int64_t tier = 0;       // once a rule applies, those of later tiers of its document are not looked at
  std::uint32_t document = 0;  // index within its engine
  std::uint32_t order = 0;     // place in its document
  std::int32_t priority = 0;
  std::uint32_t place_in_tier = 0;  // who can still change an answer comes first
  std::int32_t pattern_field = -1;  // of the engine's PatternIndex, and the pattern's number in it
  std::int32_t pattern = -1;
  std::int32_t limit = -1;  // of the program's limits: applies only while that limit is used up
  Verdict action = Verdict::kDeny;
  bool must_be_seen = false;  // also when another already decides; an engine says so of its rules
  Phase phase = Phase::kCall;
  Mode mode = Mode::kEnforce;
  Obligation obligations = Obligation::kNone;
  std::int64_t ask_timeout_ms = 0;
};
static_assert(sizeof(Standing) <= kCacheLineBytes);

struct alignas(kCacheLineBytes) Rule : Standing, Selector {
  // Read for the answer.
  std::string id;  // "<policy>/<rule>"
  std::string name;
  std::string message;
  std::string reason;
  Details details;
  std::string would;         // "would deny: ..." when it only observes
  std::string error_reason;  // the expression failed; its own words are in an explanation
  std::string error_would;
  std::string error_message;
  std::string place;  // "file:line:column"
};

std::string_view verdict_name(Verdict verdict);  // "allow" "deny" "ask"
std::string_view phase_name(Phase phase);        // "list" "call" "result" "subscribe"
std::string_view mode_name(Mode mode);           // "enforce" "observe" "freeze"
std::string_view operator_name(Condition::Operator op);
std::vector<std::string_view> obligation_names(Obligation obligations);

}  // namespace agentos::policy
