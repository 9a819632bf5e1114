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
constexpr std::string_view kSchemes[] = {"http", "https", "ws", "wss", "ftp", "file"};
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
     KeyForm::kWord,
     "The version of the language.",
     true,
     {},
     kVersionWords},
    {in(Where::kDocument), "kind", KeyForm::kWord, "What the document is.", true, {}, kPolicyWords},
    {in(Where::kTest), "kind", KeyForm::kWord, "What the document is.", true, {}, kTestWords},
    {in(Where::kDocument, Where::kTest),
     "metadata",
     KeyForm::kObject,
     "What it is called.",
     true,
     Where::kMetadata,
     {}},
    {in(Where::kDocument), "spec", KeyForm::kObject, "What it says.", true, Where::kSpec, {}},
    {in(Where::kTest), "spec", KeyForm::kObject, "What is tested.", true, Where::kTestSpec, {}},
    {in(Where::kMetadata), "name", KeyForm::kName, "Unique in a set; the first part of a rule's id.", true, {}, {}},
    {in(Where::kMetadata), "summary", KeyForm::kText, "One sentence.", false, {}, {}},
    // spec.
    {in(Where::kSpec),
     "agents",
     KeyForm::kObjectOrGlobs,
     "Whom it is for: globs on name or id, or conditions that must all hold. Left out: every agent.",
     false,
     Where::kAgents,
     {}},
    {in(Where::kSpec),
     "scope",
     KeyForm::kWord,
     "How broad it is, global by default; a narrower scope only tightens.",
     false,
     {},
     kScopeWords},
    {in(Where::kSpec),
     "mode",
     KeyForm::kWord,
     "enforce by default; observe decides nothing and says what it would have done; freeze denies its agents every "
     "call "
     "that changes something, but exit.",
     false,
     {},
     kModeWords},
    {in(Where::kSpec),
     "combining",
     KeyForm::kWord,
     "How its rules combine, deny_overrides by default.",
     false,
     {},
     kCombiningWords},
    {in(Where::kSpec),
     "extends",
     KeyForm::kNames,
     "Documents of the set, or built-in ones, whose rules and limits are put before its own.",
     false,
     {},
     {}},
    {in(Where::kSpec), "tables", KeyForm::kDataMap, "Data for expressions, table.NAME.", false, {}, {}},
    {in(Where::kSpec),
     "windows",
     KeyForm::kObjectMap,
     "Named windows of time, for during and outside.",
     false,
     Where::kWindow,
     {}},
    {in(Where::kSpec),
     "sequences",
     KeyForm::kObjectMap,
     "Named sequences of past calls, for after and not_after.",
     false,
     Where::kSequence,
     {}},
    {in(Where::kSpec), "limits", KeyForm::kObjects, "How much of something there may be.", false, Where::kLimit, {}},
    {in(Where::kSpec),
     "rules",
     KeyForm::kObjects,
     "The rules; needed unless there are limits or extends.",
     false,
     Where::kRule,
     {}},
    // spec.agents.
    {in(Where::kAgents), "names", KeyForm::kGlobs, "The agent's name or id.", false, {}, {}},
    {in(Where::kAgents), "groups", KeyForm::kGlobs, "A group it is in: a label group:NAME.", false, {}, {}},
    {in(Where::kAgents), "labels", KeyForm::kGlobs, "A label it has.", false, {}, {}},
    {in(Where::kAgents), "rings", KeyForm::kRings, "Its ring.", false, {}, {}},
    {in(Where::kAgents), "when", KeyForm::kExpression, "A condition on the agent.", false, {}, {}},
    // spec.windows.NAME.
    {in(Where::kWindow),
     "days",
     KeyForm::kWords,
     "Days on which it opens; every day by default.",
     false,
     {},
     kDayWords},
    {in(Where::kWindow), "from", KeyForm::kMoment, "When it opens: a time of day, or a UTC instant.", false, {}, {}},
    {in(Where::kWindow), "to", KeyForm::kMoment, "When it is closed; before from: on the day after.", false, {}, {}},
    {in(Where::kWindow),
     "zone",
     KeyForm::kText,
     "The time zone of days and times of day; UTC by default.",
     false,
     {},
     {}},
    // spec.sequences.NAME.
    {in(Where::kSequence),
     "steps",
     KeyForm::kObjects,
     "Calls that were carried out in this order.",
     true,
     Where::kStep,
     {}},
    {in(Where::kSequence),
     "until",
     KeyForm::kObjects,
     "Calls after which it has not happened any more.",
     false,
     Where::kStep,
     {}},
    {in(Where::kSequence), "within", KeyForm::kDuration, "How long it counts from its first step.", false, {}, {}},
    // Rules and limits: what they are.
    {kNamed, "name", KeyForm::kName, "Unique in its document; decisions and records name it.", true, {}, {}},
    {in(Where::kRule),
     "phase",
     KeyForm::kWord,
     "When it is asked, call by default: a tool is shown, a call is made, its result is handed over, a stream is "
     "opened.",
     false,
     {},
     kPhaseWords},
    {in(Where::kRule), "mode", KeyForm::kWord, "As of a document, of this rule alone.", false, {}, kModeWords},
    // Clauses.
    {kSelectors,
     "syscalls",
     KeyForm::kCalls,
     "The call made. Needed unless tools is there, which means exec.",
     false,
     {},
     {}},
    {kSelectors, "tools", KeyForm::kGlobs, "The registered name of the tool; only for exec.", false, {}, {}},
    {kNamed, "agents", KeyForm::kGlobs, "The caller's name or id.", false, {}, {}},
    {kNamed, "rings", KeyForm::kRings, "The caller's ring.", false, {}, {}},
    {kSelectors, "paths", KeyForm::kPathGlobs, "The canonical path the call names.", false, {}, {}},
    {kSelectors,
     "targets",
     KeyForm::kTargets,
     "The agent acted upon: globs on its id, self, children, parent, none.",
     false,
     {},
     {}},
    {kSelectors,
     "arguments",
     KeyForm::kObjectMap,
     "Comparisons with arguments, all of which must hold.",
     false,
     Where::kCondition,
     {}},
    {kSelectors, "when", KeyForm::kExpression, "An expression that must be true.", false, {}, {}},
    {kNamed, "during", KeyForm::kNames, "Windows, one of which is open.", false, {}, {}},
    {kNamed, "outside", KeyForm::kNames, "Windows, none of which is open.", false, {}, {}},
    {kNamed, "after", KeyForm::kNames, "Sequences that all have happened.", false, {}, {}},
    {kNamed, "not_after", KeyForm::kNames, "Sequences of which none has happened.", false, {}, {}},
    // Limits: what they count.
    {in(Where::kLimit),
     "of",
     KeyForm::kWord,
     "What is counted, calls by default; money in millionths.",
     false,
     {},
     kMeasureWords},
    {in(Where::kLimit), "per", KeyForm::kWord, "For whom, agent by default.", false, {}, kPerWords},
    {in(Where::kLimit), "at_most", KeyForm::kInteger, "How much.", true, {}, {}},
    {in(Where::kLimit), "every", KeyForm::kDuration, "In which time; not for concurrency.", false, {}, {}},
    {in(Where::kLimit), "as", KeyForm::kWord, "How it refills, sliding_window by default.", false, {}, kShapeWords},
    {in(Where::kLimit), "burst", KeyForm::kInteger, "What a token bucket holds.", false, {}, {}},
    // The answer.
    {in(Where::kRule),
     "action",
     KeyForm::kWord,
     "The answer; ask in the phases call and subscribe.",
     true,
     {},
     kActionWords},
    {in(Where::kLimit),
     "action",
     KeyForm::kWord,
     "The answer when it is used up, deny by default.",
     false,
     {},
     kLimitActionWords},
    {in(Where::kRule),
     "priority",
     KeyForm::kInteger,
     "Higher is named first, or decides: see combining. 0 by default.",
     false,
     {},
     {}},
    {kNamed, "obligations", KeyForm::kObligations, "What is done beside; kill and signal with action deny only.", false,
     Where::kObligation, kObligationWords},
    {kNamed, "message", KeyForm::kText, "What the model is told.", false, {}, {}},
    {kNamed, "reason", KeyForm::kText, "What the operator is told, after the rule and its place.", false, {}, {}},
    {kNamed, "ask", KeyForm::kObject, "Of whom and how long; only with action ask.", false, Where::kAsk, {}},
    // arguments.NAME, in the order of Condition::Operator.
    {in(Where::kCondition), "equals", KeyForm::kValue, "It is this string or integer.", false, {}, {}},
    {in(Where::kCondition), "in", KeyForm::kValues, "It is one of these.", false, {}, {}},
    {in(Where::kCondition), "prefix", KeyForm::kText, "It begins with this text.", false, {}, {}},
    {in(Where::kCondition), "less_than", KeyForm::kInteger, "", false, {}, {}},
    {in(Where::kCondition), "greater_than", KeyForm::kInteger, "", false, {}, {}},
    {in(Where::kCondition), "at_most", KeyForm::kInteger, "", false, {}, {}},
    {in(Where::kCondition), "at_least", KeyForm::kInteger, "", false, {}, {}},
    // The same, of what the argument means (form_condition.h).
    {in(Where::kCondition), "host", KeyForm::kTexts, "The host it names is like one of these.", false, {}, {}},
    {in(Where::kCondition), "scheme", KeyForm::kWords, "The scheme of the URL it is.", false, {}, kSchemes},
    {in(Where::kCondition), "port", KeyForm::kPorts, "The port of the URL it is, said or by default.", false, {}, {}},
    {in(Where::kCondition), "url_path", KeyForm::kPathGlobs, "The path of the URL it is.", false, {}, {}},
    {in(Where::kCondition),
     "under",
     KeyForm::kTextOrTexts,
     "It is a path of one of these folders or below.",
     false,
     {},
     {}},
    {in(Where::kCondition), "path", KeyForm::kPathGlobs, "It is a path like one of these.", false, {}, {}},
    {in(Where::kCondition),
     "programs",
     KeyForm::kTexts,
     "The programs the command starts, behind wrappers and nested shells, are like these.",
     false,
     {},
     {}},
    {in(Where::kCondition),
     "redirects_to",
     KeyForm::kAnyTexts,
     "The files the command writes by redirection are like these.",
     false,
     {},
     {}},
    {in(Where::kCondition), "statements", KeyForm::kTexts, "The kinds of its SQL statements.", false, {}, {}},
    {in(Where::kCondition), "tables", KeyForm::kTexts, "The tables its SQL names.", false, {}, {}},
    {in(Where::kCondition), "reads", KeyForm::kTexts, "The tables its SQL reads.", false, {}, {}},
    {in(Where::kCondition), "writes", KeyForm::kTexts, "The tables its SQL writes.", false, {}, {}},
    {in(Where::kCondition), "functions", KeyForm::kTexts, "The functions its SQL calls.", false, {}, {}},
    {in(Where::kCondition), "sql_hazards", KeyForm::kAnyTexts, "What in its SQL could hide something.", false, {}, {}},
    {in(Where::kCondition), "text_hazards", KeyForm::kAnyTexts, "What in its text misleads a reader.", false, {}, {}},
    // Obligations with a value.
    {in(Where::kObligation), "label", KeyForm::kTexts, "The run carries these labels from then on.", false, {}, {}},
    {in(Where::kObligation), "redact", KeyForm::kObject, "What is taken out of the result.", false, Where::kRedact, {}},
    {in(Where::kObligation),
     "transform",
     KeyForm::kExpressions,
     "Arguments that are set before the call.",
     false,
     {},
     {}},
    {in(Where::kRedact), "members", KeyForm::kTexts, "Members of these names, a or a.b.", false, {}, {}},
    {in(Where::kRedact), "matching", KeyForm::kText, "Text that matches this pattern.", false, {}, {}},
    {in(Where::kRedact), "with", KeyForm::kText, "What is put in its place.", false, {}, {}},
    {in(Where::kAsk), "timeout", KeyForm::kDuration, "1 s to 24 h; 5 m by default.", false, {}, {}},
    {in(Where::kAsk), "approvers", KeyForm::kNames, "Who may answer; any operator by default.", false, {}, {}},
    // Tests.
    {in(Where::kTestSpec),
     "policies",
     KeyForm::kTexts,
     "Documents under test: names of built-in ones, or files relative to this one.",
     true,
     {},
     {}},
    {in(Where::kTestSpec),
     "tools",
     KeyForm::kObjects,
     "Tools there are, for typed arguments.",
     false,
     Where::kTestTool,
     {}},
    {in(Where::kTestSpec), "cases", KeyForm::kObjects, "The cases.", true, Where::kTestCase, {}},
    {in(Where::kTestTool), "name", KeyForm::kText, "Its registered name.", true, {}, {}},
    {in(Where::kTestTool), "inputSchema", KeyForm::kData, "JSON Schema of its arguments.", false, {}, {}},
    {in(Where::kTestTool), "outputSchema", KeyForm::kData, "JSON Schema of its result.", false, {}, {}},
    {in(Where::kTestCase), "name", KeyForm::kName, "Unique in the test.", true, {}, {}},
    {in(Where::kTestCase), "request", KeyForm::kObject, "What is asked.", true, Where::kRequest, {}},
    {in(Where::kTestCase), "expect", KeyForm::kData, "allow, deny or ask, or a mapping.", true, {}, {}},
    {in(Where::kTestExpect), "verdict", KeyForm::kWord, "The verdict.", false, {}, kActionWords},
    {in(Where::kTestExpect),
     "rule",
     KeyForm::kText,
     "The deciding rule: POLICY/RULE, or its name alone.",
     false,
     {},
     {}},
    {in(Where::kTestExpect), "message", KeyForm::kText, "What the model is told.", false, {}, {}},
    {in(Where::kTestExpect), "obligations", KeyForm::kTexts, "All obligations, in any order.", false, {}, {}},
    // A request.
    {in(Where::kRequest), "agent", KeyForm::kText, "The caller's id; name-1 by default.", false, {}, {}},
    {in(Where::kRequest),
     "name",
     KeyForm::kText,
     "The name it was started with; by default its id without -NUMBER.",
     false,
     {},
     {}},
    {in(Where::kRequest), "ring", KeyForm::kInteger, "0 to 3; 3 by default.", false, {}, {}},
    {in(Where::kRequest), "parent", KeyForm::kText, "The id of its parent.", false, {}, {}},
    {in(Where::kRequest), "chain", KeyForm::kTexts, "Ids of its ancestors, nearest first.", false, {}, {}},
    {in(Where::kRequest), "labels", KeyForm::kTexts, "Its labels; group:NAME puts it into a group.", false, {}, {}},
    {in(Where::kRequest), "flow", KeyForm::kTexts, "Information-flow labels of its run.", false, {}, {}},
    {in(Where::kRequest), "budget", KeyForm::kDataMap, "What is left of its budget.", false, {}, {}},
    {in(Where::kRequest), "trust", KeyForm::kNumber, "How far it is trusted.", false, {}, {}},
    {in(Where::kRequest), "phase", KeyForm::kWord, "call by default.", false, {}, kPhaseWords},
    {in(Where::kRequest), "call", KeyForm::kText, "A call of the table; exec when there is a tool.", false, {}, {}},
    {in(Where::kRequest), "tool", KeyForm::kText, "The registered name of the tool.", false, {}, {}},
    {in(Where::kRequest), "server", KeyForm::kText, "The server the tool belongs to.", false, {}, {}},
    {in(Where::kRequest), "version", KeyForm::kText, "The tool's version.", false, {}, {}},
    {in(Where::kRequest), "manifest", KeyForm::kDataMap, "The tool's manifest.", false, {}, {}},
    {in(Where::kRequest), "path", KeyForm::kText, "The path the call names; args.path by default.", false, {}, {}},
    {in(Where::kRequest), "path_to", KeyForm::kText, "The second path of rename; args.to by default.", false, {}, {}},
    {in(Where::kRequest), "target", KeyForm::kText, "The agent acted upon; self, parent, or an id.", false, {}, {}},
    {in(Where::kRequest), "target_parent", KeyForm::kText, "The parent of that agent, or self.", false, {}, {}},
    {in(Where::kRequest), "args", KeyForm::kDataMap, "The arguments of the call or tool.", false, {}, {}},
    {in(Where::kRequest), "result", KeyForm::kObject, "The result, in the phase result.", false, Where::kResult, {}},
    {in(Where::kRequest), "findings", KeyForm::kData, "A list of kind, where, severity.", false, {}, {}},
    {in(Where::kRequest), "env", KeyForm::kDataMap, "What is known of the host.", false, {}, {}},
    {in(Where::kRequest), "time", KeyForm::kText, "An instant as RFC 3339; 1970 by default.", false, {}, {}},
    {in(Where::kRequest),
     "history",
     KeyForm::kDataMap,
     "Allowed calls of the run by name of call or tool.",
     false,
     {},
     {}},
    {in(Where::kRequest), "happened", KeyForm::kTexts, "Sequences that have happened.", false, {}, {}},
    {in(Where::kRequest), "used_up", KeyForm::kTexts, "Limits that are used up.", false, {}, {}},
    {in(Where::kResult), "value", KeyForm::kData, "The result as a value.", false, {}, {}},
    {in(Where::kResult), "text", KeyForm::kText, "The result as text.", false, {}, {}},
    {in(Where::kResult), "size", KeyForm::kInteger, "Octets; by default of the text or value.", false, {}, {}},
    {in(Where::kResult), "is_error", KeyForm::kBoolean, "Whether the tool failed.", false, {}, {}},
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
