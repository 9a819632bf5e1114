// A policy document after reading: checked, its globs compiled, its sentences rendered. What engine.h decides with.
//
// Everything decide() needs is here ready-made, so that deciding only compares; nothing here changes after reading.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/yaml/document.h"
#include "lib/policy/glob.h"
#include "lib/policy/policy.h"

namespace agentos::policy {

// kError is an argument of another type than the condition compares: it denies.
enum class Truth : std::uint8_t { kFalse, kTrue, kError };

// One comparison with one named argument.
struct Condition {
  enum class Operator : std::uint8_t { kEquals, kIn, kPrefix, kLessThan, kGreaterThan, kAtMost, kAtLeast };
  enum class Type : std::uint8_t { kText, kInteger };
  std::string argument;
  Operator op = Operator::kEquals;
  Type type = Type::kText;
  std::vector<std::string> texts;      // sorted; one but for kIn
  std::vector<std::int64_t> integers;  // sorted; one but for kIn
  std::string mismatch_reason;         // for the operator, when the argument has another type
  std::string would_reason;            // the same when the document only observes
  std::string mismatch_message;        // for the model
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

struct Rule {
  // Read for every candidate.
  std::uint32_t document = 0;  // index within its engine
  std::uint32_t order = 0;     // place in its document
  std::int32_t priority = 0;
  Verdict action = Verdict::kDeny;
  std::uint8_t rings = 0x0f;  // bit n: ring n
  bool any_call = false;
  bool fallible = false;  // has conditions, so may err
  std::vector<Glob> tools;
  std::vector<Glob> paths;
  std::vector<Glob> agents;
  std::vector<Condition> conditions;
  Targets targets;
  // Read for indexing and for the answer.
  std::vector<std::uint16_t> calls;  // sorted
  std::vector<std::string> call_names;
  Obligation obligations = Obligation::kNone;
  std::int64_t ask_timeout_ms = 0;
  std::string id;  // "<policy>/<rule>"
  std::string name;
  std::string message;
  std::string reason;
  std::string would;  // "would deny: ..." when the document only observes
  std::string place;  // "file:line:column"
};

enum class Mode : std::uint8_t { kEnforce, kObserve };

struct Document {
  std::string name;
  std::string summary;
  std::string file;
  std::string digest;  // "sha256:<hex>" of the source text
  yaml::Mark name_mark;
  Mode mode = Mode::kEnforce;
  std::vector<Glob> agents;  // empty: every agent
  std::vector<Rule> rules;
};

// kMalformed (not YAML) or kInvalidArgument (not a policy), both "file:line:column: what".
Result<Document> read_document(const Source& source, const Vocabulary& vocabulary);

std::string_view verdict_name(Verdict verdict);  // "allow" "deny" "ask"
std::string_view operator_name(Condition::Operator op);
std::vector<std::string_view> obligation_names(Obligation obligations);

}  // namespace agentos::policy
