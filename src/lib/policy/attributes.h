// What an expression of a rule may ask about, and the type of each: the variables of CEL expressions in policies.
//
// Which of them exist depends on the rule's phase, and the type of `args` on the calls and tools it names, so that a
// wrong name or type is refused when the document is loaded. GRAMMAR.md, "Attributes", is the page for people.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/json/value.h"
#include "lib/policy/cel/environment.h"
#include "lib/policy/rule.h"

namespace agentos::policy {

enum class Attribute : std::uint8_t {
  kAgent,
  kCall,
  kNow,
  kLabels,
  kFindings,
  kHistory,
  kEnv,
  kTable,
  kArgs,
  kTool,
  kResult
};

// Fields of the records, in the order of their shapes.
enum class AgentField : std::uint8_t { kId, kName, kParent, kChain, kGroups, kLabels, kRing, kBudget, kTrust };
enum class CallField : std::uint8_t { kName, kNumber, kPhase, kChanges, kPath, kPathTo, kTarget, kTargetParent };
enum class ToolField : std::uint8_t { kName, kVersion, kServer, kManifest };
enum class ResultField : std::uint8_t { kValue, kText, kSize, kIsError };

const std::shared_ptr<const cel::RecordShape>& agent_shape();
const std::shared_ptr<const cel::RecordShape>& call_shape();
const std::shared_ptr<const cel::RecordShape>& tool_shape();
const std::shared_ptr<const cel::RecordShape>& result_shape();
const std::shared_ptr<const cel::RecordShape>& history_shape();

// An environment, and the attribute of each of its variables by slot.
struct Attributes {
  cel::Environment environment;
  std::vector<Attribute> of_slot;
  std::shared_ptr<const cel::RecordShape> args_shape;  // null when `args` is a map or not there
};

// For the expressions of a rule: those of `selector` in `phase`, with `tables` the document's data (an object).
Attributes attributes_for(const Vocabulary& vocabulary, Phase phase, const Selector& selector,
                          const json::Object& tables);
// For conditions on agents, which see nothing of the call.
Attributes attributes_of_agents(const json::Object& tables);

// "'args' is known in the phases call and result" when `name` is an attribute, though not here; else empty.
std::string_view where_known(std::string_view name);

}  // namespace agentos::policy
