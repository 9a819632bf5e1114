// A policy document after reading. What engine.h decides with.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "lib/policy/rule.h"

namespace agentos::policy {

// From the broadest to the narrowest; a narrower one only tightens.
enum class Scope : std::uint8_t { kGlobal, kTenant, kOrganization, kAgent };

// How the rules of one document combine.
enum class Combining : std::uint8_t { kDenyOverrides, kAllowOverrides, kPriorityFirstMatch, kMostSpecificWins };

struct Limit : Selector {
  LimitSpec spec;
};

struct Sequence {
  std::string name;
  SequenceSpec spec;
  std::vector<Selector> steps;
  std::vector<Selector> until;
};

// The rules of one document that are in one engine: the same document may be in several, with its rules of one phase
// and mode in each.
struct Document {
  std::string name;
  std::string summary;
  std::string file;
  std::string digest;  // "sha256:<hex>" of the source text
  yaml::Mark name_mark;
  Mode mode = Mode::kEnforce;
  Scope scope = Scope::kGlobal;
  Combining combining = Combining::kDenyOverrides;
  Agents agents;
  std::vector<std::string> extends;
  std::vector<yaml::Mark> extends_marks;
  std::vector<Rule> rules;
  std::vector<Rule> limits;  // apply while their limit is used up; they override whatever the rules say
};

// Limits and sequences of all documents of a set, by the indices rules and the kernel use.
struct PastSpecs {
  std::vector<Limit> limits;
  std::vector<Sequence> sequences;
};

// Finds the source of a document that another extends; nothing when there is none of that name.
using FindDocument = std::function<std::optional<Source>(std::string_view name)>;

// kMalformed (not YAML) or kInvalidArgument (not a policy), both "file:line:column: what". Appends to `past`.
Result<Document> read_document(const Source& source, const Vocabulary& vocabulary, const FindDocument& find,
                               PastSpecs& past);

std::string_view scope_name(Scope scope);
std::string_view combining_name(Combining combining);

}  // namespace agentos::policy
