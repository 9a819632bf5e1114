// Policy documents compiled to an immutable program; a request decided by it in nanoseconds.
//
//   document (YAML/JSON) -> parse -> check against the vocabulary -> Program -> decide(Request) -> Decision
//
// Program is immutable and thread-safe. decide() is pure, allocates nothing and never fails: an error inside a rule
// denies. GRAMMAR.md is the language's page.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json/value.h"
#include "lib/policy/decision.h"

namespace agentos::policy {

struct Principal {
  std::string_view agent;   // agent id, "demo-3"
  std::string_view name;    // the name it was started with, "demo"
  std::string_view parent;  // parent agent id or empty
  int ring = 3;
  std::span<const std::string> labels;
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
};

// The words a document may use; from the table (src/abi). A document that names anything else is refused.
struct Vocabulary {
  struct Call {
    std::uint16_t number;
    std::string_view name;
  };
  std::vector<Call> calls;
};

struct Source {
  std::string text;
  std::string file;  // for messages
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
  // The rules that could ever apply to this principal, as an agent may see them (no operator-only text).
  virtual json::Value visible_to(const Principal& principal) const = 0;
};

// Built-in documents by name ("agent-default", ...); empty when unknown.
std::string_view preset(std::string_view name);
std::vector<std::string_view> preset_names();

}  // namespace agentos::policy
