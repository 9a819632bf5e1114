// A stated request becomes the request the kernel would have made of the call, or one clear error.
#include "lib/policy/tools/request.h"

#include "lib/policy/tools/tools_fixture.h"

namespace agentos::policy::tools {
namespace {

using fixture::decided;
using fixture::with_rules;

const char* const kRules =
    "    - {name: own, syscalls: [read, write, rename], paths: [\"/state/**\"], action: allow}\n"
    "    - {name: pay, tools: [pay], when: 'args.amount <= 5', action: allow}\n"
    "    - {name: late, syscalls: [stat], when: 'now > timestamp(\"2026-01-01T00:00:00Z\")', action: allow}\n"
    "    - {name: often, syscalls: [list], when: 'history.calls[\"read\"] > 2', action: allow}\n"
    "    - {name: big, phase: result, tools: [\"*\"], when: 'result.size > 3', action: deny}\n"
    "    - {name: kin, syscalls: [signal], targets: [children], action: allow}\n"
    "    - {name: shown, tools: [seen], phase: list, action: allow}\n"
    "    - {name: team, syscalls: [mkdir], when: '\"a\" in agent.groups && agent.ring == 2', action: allow}\n"
    "    - {name: found, syscalls: [unlink], when: 'findings.exists(f, f.kind == \"secret\")', action: deny}\n"
    "    - {name: budget, syscalls: [seek], when: 'agent.budget.calls > 1 && agent.trust > 0.5', action: allow}\n";

TEST(StatedRequest, takes_paths_from_arguments_in_canonical_form) {
  const PolicySet set = with_rules(kRules);
  EXPECT_EQ(decided(set, R"({"call": "read", "path": "/state/a"})"), "allow p/own");
  EXPECT_EQ(decided(set, R"({"call": "read", "args": {"path": "/state//x/../a"}})"), "allow p/own");
  EXPECT_EQ(decided(set, R"({"call": "read", "path": "/state/../etc/passwd"})"), "deny default-deny");
  EXPECT_EQ(decided(set, R"({"call": "rename", "args": {"path": "/state/a", "to": "/etc/a"}})"), "deny default-deny");
  EXPECT_EQ(decided(set, R"({"call": "rename", "path": "/state/a", "path_to": "/state/b"})"), "allow p/own");
  EXPECT_EQ(decided(set, R"({"call": "read", "path": "/state/a", "args": {"path": "/state/./a"}})"), "allow p/own");
  EXPECT_EQ(decided(set, R"({"call": "read", "path": "/state/a", "args": {"path": "/etc/a"}})"),
            "request: \"path\" of the request is /state/a and of its arguments /etc/a");
}

TEST(StatedRequest, knows_tools_agents_time_history_results_findings_and_budgets) {
  const PolicySet set = with_rules(kRules);
  EXPECT_EQ(decided(set, R"({"tool": "pay", "args": {"amount": 5}})"), "allow p/pay");
  EXPECT_EQ(decided(set, R"({"tool": "pay", "args": {"amount": 6}})"), "deny default-deny");
  EXPECT_EQ(decided(set, R"({"call": "stat", "path": "/a", "time": "2026-01-01T00:00:00.5Z"})"), "allow p/late");
  EXPECT_EQ(decided(set, R"({"call": "stat", "path": "/a", "time": "2026-01-01T00:30:00+01:00"})"),
            "deny default-deny");
  EXPECT_EQ(decided(set, R"({"call": "list", "path": "/a", "history": {"read": 3}})"), "allow p/often");
  EXPECT_EQ(decided(set, R"({"tool": "x", "phase": "result", "result": {"text": "abcd"}})"), "deny p/big");
  EXPECT_EQ(decided(set, R"({"tool": "x", "phase": "result", "result": {"value": {"a": 1}}})"), "deny p/big");
  EXPECT_EQ(decided(set, R"({"tool": "x", "phase": "result", "result": {"value": 1}})"), "allow default-allow");
  EXPECT_EQ(decided(set, R"({"call": "signal", "target": "c-1", "target_parent": "self"})"), "allow p/kin");
  EXPECT_EQ(decided(set, R"({"call": "signal"})"), "deny default-deny");
  EXPECT_EQ(decided(set, R"({"tool": "seen", "phase": "list"})"), "allow p/shown");
  EXPECT_EQ(decided(set, R"({"call": "mkdir", "path": "/a", "ring": 2, "labels": ["group:a"]})"), "allow p/team");
  EXPECT_EQ(decided(set, R"({"call": "unlink", "path": "/a", "findings": [{"kind": "secret"}]})"), "deny p/found");
  EXPECT_EQ(decided(set, R"({"call": "seek", "budget": {"calls": 2}, "trust": 1})"), "allow p/budget");
}

TEST(StatedRequest, names_limits_and_sequences_by_their_last_part) {
  const PolicySet set = with_rules("    - {name: r, syscalls: [read], after: [wrote], action: allow}\n",
                                   "  sequences: {wrote: {steps: [{syscalls: [write]}]}}\n"
                                   "  limits: [{name: few, syscalls: [read], at_most: 1, every: 1h}]\n");
  EXPECT_EQ(decided(set, R"({"call": "read", "path": "/a"})"), "deny default-deny");
  EXPECT_EQ(decided(set, R"({"call": "read", "path": "/a", "happened": ["wrote"]})"), "allow p/r");
  EXPECT_EQ(decided(set, R"({"call": "read", "path": "/a", "happened": ["p/wrote"], "used_up": ["few"]})"),
            "deny p/few");
  EXPECT_EQ(decided(set, R"({"call": "read", "path": "/a", "happened": ["wroet"]})"),
            "request: \"happened\" names nothing the policies have: wroet");
}

TEST(StatedRequest, refuses_what_it_does_not_know) {
  const PolicySet set = with_rules(kRules);
  const std::pair<const char*, const char*> cases[] = {
      {R"([])", "a request is an object, not array"},
      {R"({})", "request: it names neither a call nor a tool"},
      {R"({"call": "raed"})", "request: \"call\" is no call of the table: raed"},
      {R"({"call": "read", "pth": "/a"})", "unknown key \"pth\" in a request"},
      {R"({"call": "read", "tool": "x"})", "request: \"tool\" is for the call exec"},
      {R"({"call": "read", "ring": 4})", "request: \"ring\" is 0 to 3"},
      {R"({"call": "read", "path": 1})", "request: \"path\" is a string, not integer"},
      {R"({"call": "read", "phase": "cal"})", "request: \"phase\" is unknown: cal"},
      {R"({"call": "read", "time": "noon"})", "request: \"time\" is no instant: noon"},
      {R"({"call": "read", "time": "2026-02-30T00:00:00Z"})", "request: \"time\" is no instant: 2026-02-30T00:00:00Z"},
      {R"({"call": "read", "labels": ["a", 1]})", "request: \"labels\" is a list of strings"},
      {R"({"call": "read", "budget": {"calls": "x"}})", "request: \"budget\" has a calls that is no integer"},
      {R"({"call": "read", "result": {}})", "request: \"result\" is there in the phase result only"},
      {R"({"call": "read", "findings": [1]})",
       "request: \"findings\" is a list of {\"kind\", \"where\", \"severity\"}"},
      {R"({"call": "read", "server": "s"})",
       "request: \"server\" version and manifest are of a tool, and none is named"}};
  for (const auto& [text, message] : cases) EXPECT_EQ(decided(set, text), message) << text;
}

TEST(StatedRequest, makes_names_of_ids_as_the_kernel_makes_ids_of_names) {
  const PolicySet set = with_rules("    - {name: r, syscalls: [hello], action: allow}\n", "  agents: [coder]\n");
  EXPECT_EQ(decided(set, R"({"call": "hello", "agent": "coder-12"})"), "allow p/r");
  EXPECT_EQ(decided(set, R"({"call": "hello", "name": "coder"})"), "allow p/r");
  EXPECT_EQ(decided(set, R"({"call": "hello", "agent": "coder-x"})"), "deny default-deny");
}

}  // namespace
}  // namespace agentos::policy::tools
