// agentgateway's rules, imported: its combining, its variables, and what is refused by name and place.
#include <gtest/gtest.h>

#include "lib/policy/import/import.h"
#include "lib/policy/tools/set.h"

namespace agentos::policy::importing {
namespace {

class Gateway {
 public:
  explicit Gateway(std::string_view rules, const Options& options = {})
      : Gateway(Source{"mcp:\n  policies:\n    mcpAuthorization:\n      rules:\n" + std::string(rules), "g.yaml"},
                options) {}
  Gateway(const Source& source, const Options& options) {
    auto made = import_agentgateway(source, options);
    EXPECT_TRUE(made) << made.error().message << made.error().hint;
    if (made) import = std::move(*made);
    auto compiled = tools::compile_set({{import.policy, "p"}}, std::make_shared<const Vocabulary>(table_vocabulary()));
    EXPECT_TRUE(compiled) << compiled.error().message << import.policy;
    if (compiled) set = std::move(*compiled);
  }
  std::string says(std::string_view stated) const {
    const auto value = json::parse(stated);
    const auto request = set.read(*value);
    if (!request) return request.error().message;
    const Decision decision = set.program->decide((*request)->request());
    return std::string(verdict_name(decision.verdict));
  }
  std::size_t lost() const {
    std::size_t count = 0;
    for (const Remark& remark : import.remarks) count += remark.loss == Loss::kLost ? 1 : 0;
    return count;
  }

  Imported import;
  tools::PolicySet set;
};

TEST(ImportAgentgateway, an_allow_rule_is_enough_and_without_one_nothing_is_allowed) {
  const Gateway gateway(
      "      - 'mcp.tool.name == \"echo\"'\n      - 'mcp.tool.name in [\"a\", \"b\"] && mcp.tool.arguments.n < 5'\n");
  EXPECT_EQ(gateway.says(R"({"tool": "echo"})"), "allow");
  EXPECT_EQ(gateway.says(R"({"tool": "a", "args": {"n": 4}})"), "allow");
  EXPECT_EQ(gateway.says(R"({"tool": "a", "args": {"n": 5}})"), "deny");
  EXPECT_EQ(gateway.says(R"({"tool": "b", "args": {}})"), "deny");
  EXPECT_EQ(gateway.says(R"({"tool": "c", "args": {"n": 4}})"), "deny");
  EXPECT_FALSE(gateway.import.has_losses());
  EXPECT_TRUE(gateway.import.policy.contains("tools: [echo]")) << gateway.import.policy;
  EXPECT_TRUE(gateway.import.policy.contains("# g.yaml:5:9: allow")) << gateway.import.policy;
}

TEST(ImportAgentgateway, denials_win_and_alone_allow_the_rest) {
  const Gateway gateway("      - deny: 'mcp.tool.arguments.path.startsWith(\"/etc/\")'\n");
  EXPECT_EQ(gateway.says(R"({"tool": "read", "args": {"path": "/etc/passwd"}})"), "deny");
  EXPECT_EQ(gateway.says(R"({"tool": "read", "args": {"path": "/srv/a"}})"), "allow");
  EXPECT_EQ(gateway.says(R"({"tool": "echo", "args": {}})"), "allow");  // what is absent is not denied
  const Gateway both("      - 'true'\n      - deny: 'mcp.tool.name == \"rm\"'\n");
  EXPECT_EQ(both.says(R"({"tool": "rm"})"), "deny");
  EXPECT_EQ(both.says(R"({"tool": "ls"})"), "allow");
}

TEST(ImportAgentgateway, requirements_must_all_hold) {
  const Gateway gateway(
      "      - 'mcp.tool.name.startsWith(\"get_\")'\n      - require: 'mcp.tool.arguments.n < 5'\n"
      "      - require: '!(mcp.tool.arguments.dry == false)'\n");
  EXPECT_EQ(gateway.says(R"({"tool": "get_a", "args": {"n": 1, "dry": true}})"), "allow");
  EXPECT_EQ(gateway.says(R"({"tool": "get_a", "args": {"n": 9, "dry": true}})"), "deny");
  EXPECT_EQ(gateway.says(R"({"tool": "get_a", "args": {"n": 1, "dry": false}})"), "deny");
  EXPECT_EQ(gateway.says(R"({"tool": "get_a", "args": {"dry": true}})"), "deny");  // an error fails the requirement
  EXPECT_EQ(gateway.says(R"({"tool": "set_a", "args": {"n": 1, "dry": true}})"), "deny");
}

TEST(ImportAgentgateway, what_is_absent_is_false_also_below_a_negation) {
  const Gateway gateway("      - '!(mcp.tool.arguments.a == 1) || mcp.tool.arguments.b == 2'\n");
  EXPECT_EQ(gateway.says(R"({"tool": "t", "args": {"a": 2}})"), "allow");
  EXPECT_EQ(gateway.says(R"({"tool": "t", "args": {"a": 1}})"), "deny");
  EXPECT_EQ(gateway.says(R"({"tool": "t", "args": {"b": 2}})"), "allow");
  EXPECT_EQ(gateway.says(R"({"tool": "t", "args": {}})"), "deny");
}

TEST(ImportAgentgateway, an_unknown_variable_is_refused_by_name_and_place_until_it_is_given_a_meaning) {
  const char* const kRules = "      - 'mcp.tool.name == \"add\" && jwt.sub == \"test-user\"'\n";
  const Gateway without(kRules);
  ASSERT_EQ(without.lost(), 1u);
  EXPECT_EQ(without.import.remarks[0].where, "g.yaml:5:9");
  EXPECT_TRUE(without.import.remarks[0].reason.starts_with("1:27: jwt.sub has no equal here: callers are known by"))
      << without.import.remarks[0].reason;
  EXPECT_TRUE(without.import.remarks[0].reason.contains("--map 'jwt.sub=agent.name'"))
      << without.import.remarks[0].reason;
  EXPECT_EQ(without.says(R"({"tool": "add", "name": "test-user"})"), "deny");
  const Gateway with(kRules, {.meanings = {{"jwt.sub", "agent.name"}}});
  EXPECT_EQ(with.lost(), 0u);
  EXPECT_EQ(with.says(R"({"tool": "add", "name": "test-user"})"), "allow");
  EXPECT_EQ(with.says(R"({"tool": "add", "name": "other"})"), "deny");
}

TEST(ImportAgentgateway, a_denial_that_cannot_be_carried_over_asks_a_person) {
  const Gateway gateway(
      "      - 'true'\n      - deny: 'request.headers[\"x\"] == \"y\"'\n      - require: 'json(mcp.tool.name) == 1'\n");
  EXPECT_EQ(gateway.lost(), 2u);
  EXPECT_EQ(gateway.says(R"({"tool": "t"})"), "ask");
  EXPECT_TRUE(gateway.import.remarks[0].reason.contains("request.headers.x has no equal"))
      << gateway.import.remarks[0].reason;
  EXPECT_TRUE(gateway.import.remarks[1].reason.contains("function json() does not exist"))
      << gateway.import.remarks[1].reason;
}

TEST(ImportAgentgateway, resources_of_kubernetes_are_read_and_other_restrictions_reported) {
  const Gateway gateway(
      Source{"apiVersion: agentgateway.dev/v1alpha1\nkind: AgentgatewayPolicy\nmetadata: {name: a}\nspec:\n"
             "  traffic:\n    authorization: {action: Deny, policy: {matchExpressions: ['true']}}\n"
             "  backend:\n    mcp:\n      authorization:\n        action: Require\n"
             "        policy: {matchExpressions: ['mcp.tool.name == \"echo\"']}\n",
             "k.yaml"},
      {});
  EXPECT_EQ(gateway.says(R"({"tool": "echo"})"), "allow");
  EXPECT_EQ(gateway.says(R"({"tool": "add"})"), "deny");
  ASSERT_EQ(gateway.lost(), 1u);
  EXPECT_EQ(gateway.import.remarks[0].what, "spec.traffic.authorization");
  EXPECT_EQ(gateway.import.remarks[0].where, "k.yaml:6:5");
}

TEST(ImportAgentgateway, rules_for_different_requests_are_not_mixed) {
  const Source source{
      "binds:\n- port: 1\n  listeners:\n  - routes:\n"
      "    - policies: {mcpAuthorization: {rules: ['mcp.tool.name == \"a\"']}}\n"
      "    - policies: {mcpAuthorization: {rules: ['mcp.tool.name == \"b\"'], extra: 1}}\n",
      "g.yaml"};
  const auto both = import_agentgateway(source, {});
  ASSERT_FALSE(both);
  EXPECT_EQ(both.error().message, "g.yaml: 2 sets of rules, for different requests");
  const Gateway second(source, {.part = "binds[0].listeners[0].routes[1].policies.mcpAuthorization"});
  EXPECT_EQ(second.says(R"({"tool": "b"})"), "allow");
  EXPECT_EQ(second.says(R"({"tool": "a"})"), "deny");
  EXPECT_TRUE(second.import.has_losses());
}

TEST(ImportAgentgateway, documents_that_are_none_are_refused_with_their_place) {
  const std::pair<const char*, const char*> kRefused[] = {
      {"[]", "g.yaml:1:1: a configuration of agentgateway is a mapping"},
      {"a: 1", "g.yaml: no rules for MCP tools"},
      {"mcpAuthorization: {}", "g.yaml:1:19: mcpAuthorization has a list of rules"},
      {"mcpAuthorization: {rules: [{forbid: x}]}", "g.yaml:1:28: unknown kind of rule \"forbid\""},
      {"mcpAuthorization: {rules: [1]}",
       "g.yaml:1:28: a rule is an expression, or one of allow, deny and require with an expression"}};
  for (const auto& [text, message] : kRefused) {
    const auto made = import_agentgateway({text, "g.yaml"}, {});
    ASSERT_FALSE(made) << text;
    EXPECT_EQ(made.error().message, message);
  }
}

}  // namespace
}  // namespace agentos::policy::importing
