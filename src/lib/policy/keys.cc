// The table, in canonical order within each place.
#include "lib/policy/keys.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/error.h"

namespace agentos::policy {
namespace {

using Words = std::span<const std::string_view>;

template <class... Place>
constexpr std::uint32_t in(Place... places) {
  return (... | (1u << static_cast<unsigned>(places)));
}

constexpr std::string_view kVersionWords[] = {"agentos/v1"};
constexpr std::string_view kPolicyWords[] = {"Policy"};
constexpr std::string_view kTestWords[] = {"PolicyTest"};
constexpr std::string_view kScopeWords[] = {"global", "tenant", "organization", "agent"};
constexpr std::string_view kModeWords[] = {"enforce", "observe", "freeze"};
constexpr std::string_view kCombiningWords[] = {"deny_overrides", "allow_overrides", "priority_first_match",
                                                "most_specific_wins"};
constexpr std::string_view kDayWords[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr std::string_view kMeasureWords[] = {"calls", "bytes", "tokens", "money", "time", "concurrency"};
constexpr std::string_view kPerWords[] = {"agent", "tool", "group", "everyone"};
constexpr std::string_view kShapeWords[] = {"token_bucket", "sliding_window"};
constexpr std::string_view kLimitActionWords[] = {"deny", "ask"};
constexpr std::string_view kActionWords[] = {"allow", "deny", "ask"};
constexpr std::string_view kPhaseWords[] = {"list", "call", "result", "subscribe"};

constexpr std::string_view kObligationWords[] = {"audit", "notify", "kill", "signal"};

constexpr auto kNamed = in(Where::kRule, Where::kLimit);
constexpr auto kSelectors = in(Where::kRule, Where::kLimit, Where::kStep);

constexpr Key kKeys[] = {
    // The document.
    {in(Where::kDocument, Where::kTest),
     "apiVersion",
     Form::kWord,
     "The version of the language.",
     true,
     {},
     kVersionWords},
    {in(Where::kDocument), "kind", Form::kWord, "What the document is.", true, {}, kPolicyWords},
    {in(Where::kTest), "kind", Form::kWord, "What the document is.", true, {}, kTestWords},
    {in(Where::kDocument, Where::kTest), "metadata", Form::kObject, "What it is called.", true, Where::kMetadata, {}},
    {in(Where::kDocument), "spec", Form::kObject, "What it says.", true, Where::kSpec, {}},
    {in(Where::kTest), "spec", Form::kObject, "What is tested.", true, Where::kTestSpec, {}},
    {in(Where::kMetadata), "name", Form::kName, "Unique in a set; the first part of a rule's id.", true, {}, {}},
    {in(Where::kMetadata), "summary", Form::kText, "One sentence.", false, {}, {}},
    // spec.
    {in(Where::kSpec),
     "agents",
     Form::kObjectOrGlobs,
     "Whom it is for: globs on name or id, or conditions that must all hold. Left out: every agent.",
     false,
     Where::kAgents,
     {}},
    {in(Where::kSpec),
     "scope",
     Form::kWord,
     "How broad it is, global by default; a narrower scope only tightens.",
     false,
     {},
     kScopeWords},
    {in(Where::kSpec),
     "mode",
     Form::kWord,
     "enforce by default; observe decides nothing and says what it would have done; freeze denies its agents every "
     "call "
     "that changes something, but exit.",
     false,
     {},
     kModeWords},
    {in(Where::kSpec),
     "combining",
     Form::kWord,
     "How its rules combine, deny_overrides by default.",
     false,
     {},
     kCombiningWords},
    {in(Where::kSpec),
     "extends",
     Form::kNames,
     "Documents of the set, or built-in ones, whose rules and limits are put before its own.",
     false,
     {},
     {}},
    {in(Where::kSpec), "tables", Form::kDataMap, "Data for expressions, table.NAME.", false, {}, {}},
    {in(Where::kSpec),
     "windows",
     Form::kObjectMap,
     "Named windows of time, for during and outside.",
     false,
     Where::kWindow,
     {}},
    {in(Where::kSpec),
     "sequences",
     Form::kObjectMap,
     "Named sequences of past calls, for after and not_after.",
     false,
     Where::kSequence,
     {}},
    {in(Where::kSpec), "limits", Form::kObjects, "How much of something there may be.", false, Where::kLimit, {}},
    {in(Where::kSpec),
     "rules",
     Form::kObjects,
     "The rules; needed unless there are limits or extends.",
     false,
     Where::kRule,
     {}},
    // spec.agents.
    {in(Where::kAgents), "names", Form::kGlobs, "The agent's name or id.", false, {}, {}},
    {in(Where::kAgents), "groups", Form::kGlobs, "A group it is in: a label group:NAME.", false, {}, {}},
    {in(Where::kAgents), "labels", Form::kGlobs, "A label it has.", false, {}, {}},
    {in(Where::kAgents), "rings", Form::kRings, "Its ring.", false, {}, {}},
    {in(Where::kAgents), "when", Form::kExpression, "A condition on the agent.", false, {}, {}},
    // spec.windows.NAME.
    {in(Where::kWindow), "days", Form::kWords, "Days on which it opens; every day by default.", false, {}, kDayWords},
    {in(Where::kWindow), "from", Form::kMoment, "When it opens: a time of day, or a UTC instant.", false, {}, {}},
    {in(Where::kWindow), "to", Form::kMoment, "When it is closed; before from: on the day after.", false, {}, {}},
    {in(Where::kWindow), "zone", Form::kText, "The time zone of days and times of day; UTC by default.", false, {}, {}},
    // spec.sequences.NAME.
    {in(Where::kSequence),
     "steps",
     Form::kObjects,
     "Calls that were carried out in this order.",
     true,
     Where::kStep,
     {}},
    {in(Where::kSequence),
     "until",
     Form::kObjects,
     "Calls after which it has not happened any more.",
     false,
     Where::kStep,
     {}},
    {in(Where::kSequence), "within", Form::kDuration, "How long it counts from its first step.", false, {}, {}},
    // Rules and limits: what they are.
    {kNamed, "name", Form::kName, "Unique in its document; decisions and records name it.", true, {}, {}},
    {in(Where::kRule),
     "phase",
     Form::kWord,
     "When it is asked, call by default: a tool is shown, a call is made, its result is handed over, a stream is "
     "opened.",
     false,
     {},
     kPhaseWords},
    {in(Where::kRule), "mode", Form::kWord, "As of a document, of this rule alone.", false, {}, kModeWords},
    // Clauses.
    {kSelectors,
     "syscalls",
     Form::kCalls,
     "The call made. Needed unless tools is there, which means exec.",
     false,
     {},
     {}},
    {kSelectors, "tools", Form::kGlobs, "The registered name of the tool; only for exec.", false, {}, {}},
    {kNamed, "agents", Form::kGlobs, "The caller's name or id.", false, {}, {}},
    {kNamed, "rings", Form::kRings, "The caller's ring.", false, {}, {}},
    {kSelectors, "paths", Form::kPathGlobs, "The canonical path the call names.", false, {}, {}},
    {kSelectors,
     "targets",
     Form::kTargets,
     "The agent acted upon: globs on its id, self, children, parent, none.",
     false,
     {},
     {}},
    {kSelectors,
     "arguments",
     Form::kObjectMap,
     "Comparisons with arguments, all of which must hold.",
     false,
     Where::kCondition,
     {}},
    {kSelectors, "when", Form::kExpression, "An expression that must be true.", false, {}, {}},
    {kNamed, "during", Form::kNames, "Windows, one of which is open.", false, {}, {}},
    {kNamed, "outside", Form::kNames, "Windows, none of which is open.", false, {}, {}},
    {kNamed, "after", Form::kNames, "Sequences that all have happened.", false, {}, {}},
    {kNamed, "not_after", Form::kNames, "Sequences of which none has happened.", false, {}, {}},
    // Limits: what they count.
    {in(Where::kLimit),
     "of",
     Form::kWord,
     "What is counted, calls by default; money in millionths.",
     false,
     {},
     kMeasureWords},
    {in(Where::kLimit), "per", Form::kWord, "For whom, agent by default.", false, {}, kPerWords},
    {in(Where::kLimit), "at_most", Form::kInteger, "How much.", true, {}, {}},
    {in(Where::kLimit), "every", Form::kDuration, "In which time; not for concurrency.", false, {}, {}},
    {in(Where::kLimit), "as", Form::kWord, "How it refills, sliding_window by default.", false, {}, kShapeWords},
    {in(Where::kLimit), "burst", Form::kInteger, "What a token bucket holds.", false, {}, {}},
    // The answer.
    {in(Where::kRule),
     "action",
     Form::kWord,
     "The answer; ask in the phases call and subscribe.",
     true,
     {},
     kActionWords},
    {in(Where::kLimit),
     "action",
     Form::kWord,
     "The answer when it is used up, deny by default.",
     false,
     {},
     kLimitActionWords},
    {in(Where::kRule),
     "priority",
     Form::kInteger,
     "Higher is named first, or decides: see combining. 0 by default.",
     false,
     {},
     {}},
    {kNamed, "obligations", Form::kObligations, "What is done beside; kill with action deny only.", false,
     Where::kObligation, kObligationWords},
    {kNamed, "message", Form::kText, "What the model is told.", false, {}, {}},
    {kNamed, "reason", Form::kText, "What the operator is told, after the rule and its place.", false, {}, {}},
    {kNamed, "ask", Form::kObject, "Of whom and how long; only with action ask.", false, Where::kAsk, {}},
    // arguments.NAME, in the order of Condition::Operator.
    {in(Where::kCondition), "equals", Form::kValue, "It is this string or integer.", false, {}, {}},
    {in(Where::kCondition), "in", Form::kValues, "It is one of these.", false, {}, {}},
    {in(Where::kCondition), "prefix", Form::kText, "It begins with this text.", false, {}, {}},
    {in(Where::kCondition), "less_than", Form::kInteger, "", false, {}, {}},
    {in(Where::kCondition), "greater_than", Form::kInteger, "", false, {}, {}},
    {in(Where::kCondition), "at_most", Form::kInteger, "", false, {}, {}},
    {in(Where::kCondition), "at_least", Form::kInteger, "", false, {}, {}},
    // Obligations with a value.
    {in(Where::kObligation), "label", Form::kTexts, "The run carries these labels from then on.", false, {}, {}},
    {in(Where::kObligation), "redact", Form::kObject, "What is taken out of the result.", false, Where::kRedact, {}},
    {in(Where::kObligation), "transform", Form::kExpressions, "Arguments that are set before the call.", false, {}, {}},
    {in(Where::kRedact), "members", Form::kTexts, "Members of these names, a or a.b.", false, {}, {}},
    {in(Where::kRedact), "matching", Form::kText, "Text that matches this pattern.", false, {}, {}},
    {in(Where::kRedact), "with", Form::kText, "What is put in its place.", false, {}, {}},
    {in(Where::kAsk), "timeout", Form::kDuration, "1 s to 24 h; 5 m by default.", false, {}, {}},
    {in(Where::kAsk), "approvers", Form::kNames, "Who may answer; any operator by default.", false, {}, {}},
    // Tests.
    {in(Where::kTestSpec),
     "policies",
     Form::kTexts,
     "Documents under test: names of built-in ones, or files relative to this one.",
     true,
     {},
     {}},
    {in(Where::kTestSpec),
     "tools",
     Form::kObjects,
     "Tools there are, for typed arguments.",
     false,
     Where::kTestTool,
     {}},
    {in(Where::kTestSpec), "cases", Form::kObjects, "The cases.", true, Where::kTestCase, {}},
    {in(Where::kTestTool), "name", Form::kText, "Its registered name.", true, {}, {}},
    {in(Where::kTestTool), "inputSchema", Form::kData, "JSON Schema of its arguments.", false, {}, {}},
    {in(Where::kTestTool), "outputSchema", Form::kData, "JSON Schema of its result.", false, {}, {}},
    {in(Where::kTestCase), "name", Form::kName, "Unique in the test.", true, {}, {}},
    {in(Where::kTestCase), "request", Form::kObject, "What is asked.", true, Where::kRequest, {}},
    {in(Where::kTestCase), "expect", Form::kData, "allow, deny or ask, or a mapping.", true, {}, {}},
    {in(Where::kTestExpect), "verdict", Form::kWord, "The verdict.", false, {}, kActionWords},
    {in(Where::kTestExpect), "rule", Form::kText, "The deciding rule: POLICY/RULE, or its name alone.", false, {}, {}},
    {in(Where::kTestExpect), "message", Form::kText, "What the model is told.", false, {}, {}},
    {in(Where::kTestExpect), "obligations", Form::kTexts, "All obligations, in any order.", false, {}, {}},
    // A request.
    {in(Where::kRequest), "agent", Form::kText, "The caller's id; name-1 by default.", false, {}, {}},
    {in(Where::kRequest),
     "name",
     Form::kText,
     "The name it was started with; by default its id without -NUMBER.",
     false,
     {},
     {}},
    {in(Where::kRequest), "ring", Form::kInteger, "0 to 3; 3 by default.", false, {}, {}},
    {in(Where::kRequest), "parent", Form::kText, "The id of its parent.", false, {}, {}},
    {in(Where::kRequest), "chain", Form::kTexts, "Ids of its ancestors, nearest first.", false, {}, {}},
    {in(Where::kRequest), "labels", Form::kTexts, "Its labels; group:NAME puts it into a group.", false, {}, {}},
    {in(Where::kRequest), "flow", Form::kTexts, "Information-flow labels of its run.", false, {}, {}},
    {in(Where::kRequest), "budget", Form::kDataMap, "What is left of its budget.", false, {}, {}},
    {in(Where::kRequest), "trust", Form::kNumber, "How far it is trusted.", false, {}, {}},
    {in(Where::kRequest), "phase", Form::kWord, "call by default.", false, {}, kPhaseWords},
    {in(Where::kRequest), "call", Form::kText, "A call of the table; exec when there is a tool.", false, {}, {}},
    {in(Where::kRequest), "tool", Form::kText, "The registered name of the tool.", false, {}, {}},
    {in(Where::kRequest), "server", Form::kText, "The server the tool belongs to.", false, {}, {}},
    {in(Where::kRequest), "version", Form::kText, "The tool's version.", false, {}, {}},
    {in(Where::kRequest), "manifest", Form::kDataMap, "The tool's manifest.", false, {}, {}},
    {in(Where::kRequest), "path", Form::kText, "The path the call names; args.path by default.", false, {}, {}},
    {in(Where::kRequest), "path_to", Form::kText, "The second path of rename; args.to by default.", false, {}, {}},
    {in(Where::kRequest),
     "target",
     Form::kText,
     "The agent acted upon; self is the caller, parent its parent.",
     false,
     {},
     {}},
    {in(Where::kRequest), "target_parent", Form::kText, "The parent of that agent; self is the caller.", false, {}, {}},
    {in(Where::kRequest), "args", Form::kDataMap, "The arguments of the call or tool.", false, {}, {}},
    {in(Where::kRequest), "result", Form::kObject, "The result, in the phase result.", false, Where::kResult, {}},
    {in(Where::kRequest), "findings", Form::kData, "A list of kind, where, severity.", false, {}, {}},
    {in(Where::kRequest), "env", Form::kDataMap, "What is known of the host.", false, {}, {}},
    {in(Where::kRequest), "time", Form::kText, "An instant as RFC 3339; 1970 by default.", false, {}, {}},
    {in(Where::kRequest),
     "history",
     Form::kDataMap,
     "Allowed calls of the run by name of call or tool.",
     false,
     {},
     {}},
    {in(Where::kRequest), "happened", Form::kTexts, "Sequences that have happened.", false, {}, {}},
    {in(Where::kRequest), "used_up", Form::kTexts, "Limits that are used up.", false, {}, {}},
    {in(Where::kResult), "value", Form::kData, "The result as a value.", false, {}, {}},
    {in(Where::kResult), "text", Form::kText, "The result as text.", false, {}, {}},
    {in(Where::kResult), "size", Form::kInteger, "Octets; by default of the text or value.", false, {}, {}},
    {in(Where::kResult), "is_error", Form::kBoolean, "Whether the tool failed.", false, {}, {}},
};

struct Places {
  std::array<std::vector<const Key*>, kWheres> keys;
  std::array<std::vector<std::string_view>, kWheres> names;
  std::map<const Key*, std::vector<std::string_view>> words;
};

const Places& places() {
  static const Places made = [] {
    Places all;
    for (const Key& key : kKeys) {
      if (!key.words.empty()) all.words[&key].assign(key.words.begin(), key.words.end());
      for (std::size_t place = 0; place < kWheres; ++place) {
        if (!key.in(static_cast<Where>(place))) continue;
        all.keys[place].push_back(&key);
        all.names[place].push_back(key.name);
      }
    }
    return all;
  }();
  return made;
}

}  // namespace

std::span<const Key> keys() { return kKeys; }

const std::vector<const Key*>& keys_of(Where place) { return places().keys[static_cast<std::size_t>(place)]; }

const std::vector<std::string_view>& key_names(Where place) { return places().names[static_cast<std::size_t>(place)]; }

const std::vector<std::string_view>& key_words(Where place, std::string_view key) {
  const auto& candidates = keys_of(place);
  const auto found = std::ranges::find(candidates, key, &Key::name);
  CHECK(found != candidates.end() && !(*found)->words.empty());
  return places().words.at(*found);
}

std::string_view title_of(Where place) {
  constexpr std::string_view kTitles[] = {"a policy document",
                                          "metadata",
                                          "spec",
                                          "spec.agents",
                                          "a window",
                                          "a sequence",
                                          "a limit",
                                          "a rule",
                                          "a step",
                                          "a comparison",
                                          "an obligation",
                                          "redact",
                                          "ask",
                                          "a policy test",
                                          "spec of a test",
                                          "a tool",
                                          "a case",
                                          "expect",
                                          "a request",
                                          "a result"};
  static_assert(std::size(kTitles) == kWheres);
  return kTitles[static_cast<std::size_t>(place)];
}

}  // namespace agentos::policy
