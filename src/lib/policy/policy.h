// Policy documents compiled to an immutable program; a request decided by it in nanoseconds.
//
//   document (YAML/JSON) -> parse -> check against the vocabulary -> Program -> decide(Request) -> Decision
//
// Program is immutable and thread-safe. decide() is pure, allocates nothing and never fails: an error inside a rule
// denies. GRAMMAR.md is the language's page.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "abi/field.h"
#include "base/error.h"
#include "base/json/value.h"
#include "lib/policy/decision.h"
#include "lib/policy/state/limit.h"
#include "lib/policy/state/sequence.h"

namespace agentos::canonical {
class SqlParser;
}

namespace agentos::policy {

// When a request is decided: a tool or call is about to be shown, a call about to be carried out, its result about to
// be handed over, a stream of events about to be opened.
enum class Phase : std::uint8_t { kList, kCall, kResult, kSubscribe };
inline constexpr std::size_t kPhases = 4;

// Of rules and documents. kObserve never changes a verdict; kFreeze denies what it matches.
enum class Mode : std::uint8_t { kEnforce, kObserve, kFreeze };

inline constexpr std::string_view kGroupPrefix = "group:";  // of labels

// What is known of an agent and costly to say, by name: "budget" (what is left, an object of integers) and "trust".
class AgentFacts {
 public:
  virtual ~AgentFacts() = default;
  virtual const json::Value* find(std::string_view name) const = 0;  // null: not known
};

struct Principal {
  std::string_view agent;   // agent id, "demo-3"
  std::string_view name;    // the name it was started with, "demo"
  std::string_view parent;  // parent agent id or empty
  int ring = 3;
  std::span<const std::string> labels;      // "group:NAME" among them puts the agent into a group
  std::span<const std::string> chain = {};  // ids of all its ancestors, nearest first
  std::span<const std::string> flow = {};   // information-flow labels of its run
  const AgentFacts* facts = nullptr;        // null: none known
};

// One attribute of a request's arguments, looked up by name; implemented over the typed request.
class Arguments {
 public:
  virtual ~Arguments() = default;
  // The argument as text when it is a string ("path", "target"); false when absent or not text.
  virtual bool text(std::string_view name, std::string_view& out) const = 0;
  virtual bool integer(std::string_view name, std::int64_t& out) const = 0;
  // Whether the argument was given, of whatever type (list, boolean, ...): tells "absent" from "of another type".
  virtual bool present(std::string_view name) const {
    std::string_view as_text;
    std::int64_t as_integer = 0;
    return text(name, as_text) || integer(name, as_integer);
  }
  // All of them as one object; null when only the above is known, and then an expression that asks for one fails.
  virtual const json::Value* object() const { return nullptr; }
};

// What the kernel knows of the past, by the indices of the program that asks. Constant during one decision.
class Past {
 public:
  virtual ~Past() = default;
  virtual bool limit_allows(std::uint32_t limit, std::string_view subject) const = 0;
  virtual bool happened(std::uint32_t sequence) const = 0;
  // The same, counting steps that were begun and failed, too.
  virtual bool attempted(std::uint32_t sequence) const { return happened(sequence); }
  virtual std::int64_t count(std::string_view key) const = 0;  // allowed calls of the run by call or tool name
};

// A tool as a rule may know it. Views of the registry's.
struct ToolFacts {
  std::string_view name, version, server;
  const json::Value* manifest = nullptr;  // annotations, effects, labels
};

// The outcome of a call, for the result phase.
struct ResultFacts {
  const json::Value* value = nullptr;
  std::string_view text;  // the result as text, as far as it has one
  std::int64_t size_bytes = 0;
  bool is_error = false;
};

// What scanners noticed in a request, a list of {kind, where, severity}; made when a rule asks for it, and kept.
class FindingList {
 public:
  virtual ~FindingList() = default;
  virtual const json::Value& list() const = 0;
};

struct Request {
  Principal principal;
  std::uint16_t call = 0;      // row number of the table
  std::string_view call_name;  // "write"
  std::string_view tool;       // for exec: the tool's registered name
  std::string_view path;       // canonical path when the call names one; else empty
  std::string_view target;     // agent the call acts on; else empty
  const Arguments* arguments = nullptr;
  std::int64_t time_us = 0;
  std::string_view path_to;        // canonical second path (rename's destination); else empty
  std::string_view target_parent;  // parent agent id of `target`; empty when it has none
  Phase phase = Phase::kCall;
  bool changes = true;                       // the call has an effect on the kernel or outside of it
  const ToolFacts* tool_facts = nullptr;     // for exec of a registered tool
  const ResultFacts* result = nullptr;       // in the result phase
  const FindingList* findings = nullptr;     // null: none
  const json::Value* environment = nullptr;  // an object of what is known of the host; null: nothing
  canonical::SqlParser* sql = nullptr;       // reads SQL; null: whatever asks for a form of SQL fails
  const Past* past = nullptr;                // null: nothing has happened, no limit is used up
};

// The words a document may use; from the table (src/abi). A document that names anything else is refused.
struct Vocabulary {
  struct Call {
    std::uint16_t number;
    std::string_view name;
    bool changes = true;                             // has an effect on the kernel's state or outside of it
    std::span<const abi::FieldInfo> arguments = {};  // types of its arguments; empty: not known
    bool typed = false;                              // `arguments` is the whole truth
  };
  // A tool whose arguments have a JSON Schema, so that expressions about them are checked when they are compiled.
  struct Tool {
    std::string name;
    json::Value input_schema;   // an object schema, or null
    json::Value output_schema;  // or null
  };
  std::vector<Call> calls;
  std::vector<Tool> tools;
  bool all_tools = false;  // `tools` is the whole registry: a name no tool has is worth a warning
};

// The calls of the table (src/abi) with the types of their arguments; no tools.
Vocabulary table_vocabulary();

struct Source {
  std::string text;
  std::string file;            // for messages
  bool only_tightens = false;  // its scope is agent, whatever it says: it can deny and ask, and allows nothing
};

class Program {
 public:
  // Compiles documents into one program; rules combine by deny_overrides across documents, by priority and then
  // deny over ask over allow inside one. Default deny. kMalformed / kInvalidArgument with file:line:column.
  static Result<std::shared_ptr<const Program>> compile(std::span<const Source> sources, const Vocabulary& vocabulary,
                                                        std::uint64_t epoch);
  // No policy loaded: only self-scoped calls (exit read write open close stat) are allowed; rule "no-policy".
  static std::shared_ptr<const Program> none(const Vocabulary& vocabulary, std::uint64_t epoch);
  // Everything is allowed; exists only for an explicit permissive start; rule "permissive".
  static std::shared_ptr<const Program> permissive(std::uint64_t epoch);

  virtual ~Program() = default;
  virtual Decision decide(const Request& request) const = 0;
  // Why: the deciding rule, the clause with the request's actual values, every other rule that matched, and for a
  // denial the smallest rule or change that would allow it. Shape: GRAMMAR.md, "explanation".
  virtual json::Value explain(const Request& request) const = 0;
  virtual std::uint64_t epoch() const = 0;
  virtual bool is_none() const = 0;
  // Names, rule counts and digest ("sha256:<hex>") of the documents, for `policy show` and getpolicy.
  virtual json::Value summary() const = 0;
  // Whether it has rules of a phase; when not, results and subscriptions need no decision.
  virtual bool decides(Phase phase) const = 0;
  // Whether Request::past is ever asked.
  virtual bool needs_past() const = 0;
  // Limits and sequences by the indices that Past and Decision use.
  virtual std::span<const LimitSpec> limits() const = 0;
  virtual std::span<const SequenceSpec> sequences() const = 0;
  // Who a limit counts for in this request: an agent's id, a tool, a group, or everyone.
  virtual std::string_view subject_of(std::uint32_t limit, const Request& request) const = 0;
  // Which steps of which sequences a completed call is: visit(sequence, mask of steps, whether it is the until).
  using EventVisitor = std::function<void(std::uint32_t sequence, std::uint32_t steps, bool until)>;
  virtual void events(const Request& completed, const EventVisitor& visit) const = 0;
  // The rules that could ever apply to this principal, as an agent may see them (no operator-only text).
  virtual json::Value visible_to(const Principal& principal) const = 0;
};

// Built-in documents by name ("agent-default", ...); empty when unknown.
std::string_view preset(std::string_view name);
std::vector<std::string_view> preset_names();

}  // namespace agentos::policy
