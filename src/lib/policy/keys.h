// The keys of policy documents and of their tests: one table, from which readers refuse what is unknown, and from which
// the JSON Schema, the reference page and the canonical order follow.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace agentos::policy {

// The mappings of the language that have keys of their own.
enum class Where : std::uint8_t {
  kDocument,
  kMetadata,
  kSpec,
  kAgents,
  kWindow,
  kSequence,
  kLimit,
  kRule,
  kStep,  // of a sequence, and its until
  kCondition,
  kObligation,
  kRedact,
  kAsk,
  kTest,  // the document of kind PolicyTest
  kTestSpec,
  kTestTool,
  kTestCase,
  kTestExpect,
  kRequest,
  kResult
};
inline constexpr std::size_t kWheres = static_cast<std::size_t>(Where::kResult) + 1;

// What a key's value is.
enum class KeyForm : std::uint8_t {
  kWord,          // one of `words`
  kWords,         // a list of `words`
  kName,          // letters, digits . _ -
  kNames,         // a list of names
  kText,          // a string
  kTexts,         // a list of strings
  kInteger,       //
  kNumber,        //
  kBoolean,       //
  kDuration,      // "30s"
  kGlobs,         // a list of name globs
  kPathGlobs,     // a list of path globs
  kRings,         // a list of 0 to 3
  kCalls,         // a list of names of calls, or "*"
  kTargets,       // globs on agent ids, self, children, parent, none
  kExpression,    // CEL
  kExpressions,   // {NAME: CEL}
  kMoment,        // "08:00", or an instant
  kValue,         // a string or an integer
  kValues,        // a list of strings, or of integers
  kPorts,         // a list of 1 to 65535
  kTextOrTexts,   // a string, or a list of strings
  kAnyTexts,      // a list of strings that may be empty
  kData,          // anything
  kDataMap,       // {NAME: anything}
  kObject,        // a mapping with the keys of `nested`
  kObjects,       // a list of those
  kObjectMap,     // {NAME: one of those}
  kObligations,   // a list of `words` and of mappings with one key
  kObjectOrGlobs  // one of those, or a list of globs
};

struct Key {
  std::uint32_t where = 0;  // bit n: the Where n
  std::string_view name;
  KeyForm form = KeyForm::kText;
  std::string_view summary;
  bool required = false;
  Where nested = Where::kDocument;               // of the kObject... forms
  std::span<const std::string_view> words = {};  // in the order of the enumeration they are read into
  bool in(Where place) const { return (where >> static_cast<unsigned>(place) & 1) != 0; }
};

std::span<const Key> keys();
// The keys of one place in canonical order.
const std::vector<const Key*>& keys_of(Where place);
const std::vector<std::string_view>& key_names(Where place);
// Precondition: there is such a key and it has words.
const std::vector<std::string_view>& key_words(Where place, std::string_view key);
std::string_view title_of(Where place);  // "a rule"

}  // namespace agentos::policy
