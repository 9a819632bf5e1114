// Documents of the original decide in a set as one more document: by their own rules, deny over ask over allow.
#include "lib/policy/original_set.h"

#include <gtest/gtest.h>

#include "lib/policy/language_fixture.h"

namespace agentos::policy {
namespace {

using fixture::Asked;
using fixture::document;
using namespace language;

const std::string kOriginal = R"(version: "1.0"
name: old
defaults: {action: deny}
rules:
  - {name: searches, condition: {field: tool_name, operator: in, value: [search, write]}, action: allow}
  - {name: watched, condition: {field: tool_name, operator: eq, value: pay}, action: audit}
  - {name: no-data, condition: {field: path, operator: matches, value: ^/data/}, action: deny, priority: 10, message: "No."}
  - {name: large, condition: {field: size, operator: gt, value: 10}, action: block, priority: 9}
)";

Asked tool(const std::string& name) { return {.call = "exec", .tool = name}; }

TEST(OriginalSet, decides_alone_by_its_own_rules) {
  const auto program = program_of({kOriginal});
  EXPECT_EQ(decide(program, tool("search")), "allow old/searches");
  EXPECT_EQ(decide(program, tool("delete")), "deny old/default");
  EXPECT_EQ(decide(program, Asked{.call = "write", .path = "/mem/a"}), "allow old/searches") << "a call by its name";
  EXPECT_EQ(decide(program, Asked{.call = "write", .path = "/data/a"}), "deny old/no-data");
  Asked large = tool("search");
  large.arguments.values["size"] = std::int64_t{11};
  EXPECT_EQ(decide(program, large), "deny old/large");
  large.arguments.values["size"] = "many";
  EXPECT_EQ(decide(program, large), "deny error") << "a comparison it cannot make denies";
  const Decision decision = program->decide(Asked{.call = "write", .path = "/data/a"}.request());
  EXPECT_EQ(decision.message, "No.");
  EXPECT_FALSE(program->is_none());
}

TEST(OriginalSet, what_an_agent_does_with_itself_is_not_its_own) {
  const auto program = program_of({kOriginal});
  for (const char* call : {"exit", "hello", "getpolicy", "tools", "status"}) {
    EXPECT_EQ(decide(program, Asked{.call = call}), "allow own-affairs") << call;
  }
  EXPECT_EQ(decide(program, Asked{.call = "nonsense"}), "deny default-deny") << "no call of the table";
  const auto beside = program_of({kOriginal, document("n", "    - {name: e, syscalls: [exit], action: allow}\n")});
  EXPECT_EQ(decide(beside, Asked{.call = "exit"}), "allow n/e");
  EXPECT_EQ(decide(beside, Asked{.call = "hello"}), "deny default-deny");
}

TEST(OriginalSet, an_argument_cannot_pass_for_what_the_kernel_knows) {
  const auto program = program_of({kOriginal});
  Asked asked = tool("delete");
  asked.arguments.values["tool_name"] = "search";
  EXPECT_EQ(decide(program, asked), "deny old/default");
  Asked write{.call = "write", .path = "/data/a"};
  write.arguments.values["path"] = "/mem/a";
  EXPECT_EQ(decide(program, write), "deny old/no-data");
}

TEST(OriginalSet, deny_overrides_ask_overrides_allow_across_both_languages) {
  const auto program = program_of(
      {kOriginal, document("n",
                           "    - {name: no, tools: [search], arguments: {q: {equals: bad}}, action: deny}\n"
                           "    - {name: maybe, tools: [search], arguments: {q: {equals: odd}}, action: ask}\n"
                           "    - {name: yes, tools: [pay, delete], action: allow, obligations: [notify]}\n",
                           "  limits: [{name: few, tools: [search], at_most: 5, every: 1h}]\n")});
  Asked asked = tool("search");
  EXPECT_EQ(decide(program, asked), "allow old/searches") << "the native one has no say";
  const Decision counted = program->decide(asked.request());
  EXPECT_EQ(counted.limits_count, 1) << "its limits count all the same";
  asked.arguments.values["q"] = "bad";
  EXPECT_EQ(decide(program, asked), "deny n/no");
  asked.arguments.values["q"] = "odd";
  EXPECT_EQ(decide(program, asked), "ask n/maybe");
  EXPECT_EQ(decide(program, tool("delete")), "deny old/default");
  const Decision both = program->decide(tool("pay").request());
  EXPECT_EQ(both.verdict, Verdict::kAllow);
  EXPECT_EQ(both.rule, "n/yes");
  EXPECT_EQ(both.obligations, Obligation::kAudit | Obligation::kNotify);
}

TEST(OriginalSet, tools_are_listed_unless_a_rule_denies_them_by_name) {
  const auto program =
      program_of({"name: old\nrules:\n"
                  "  - {name: none, condition: {field: tool_name, operator: eq, value: rm}, action: deny}\n"
                  "  - {name: data, condition: {field: path, operator: matches, value: x}, action: deny}\n"});
  const auto listed = [&](const char* name) {
    const Asked asked = tool(name);
    Request request = asked.request();
    request.phase = Phase::kList;
    return program->decide(request).verdict;
  };
  EXPECT_EQ(listed("rm"), Verdict::kDeny);
  EXPECT_EQ(listed("cat"), Verdict::kAllow);
}

TEST(OriginalSet, mistakes_are_refused_and_the_summary_names_it) {
  const auto wrong =
      compile({"name: old\nrules:\n  - {name: a, condition: {field: x, operator: eqq, value: 1}, action: deny}\n"});
  ASSERT_FALSE(wrong);
  EXPECT_TRUE(wrong.error().message.starts_with("p0.yaml:3:")) << wrong.error().message;
  const auto program = program_of({kOriginal, document("n", "    - {name: e, syscalls: [exit], action: allow}\n")});
  const json::Value summary = program->summary();
  EXPECT_EQ(summary.find("documents")->as_array().size(), 2U);
  EXPECT_EQ(summary.find("documents")->as_array()[1].string_or("kind", ""), "PolicyDocument 1.0");
  EXPECT_EQ(summary.find("rules")->as_int(), 5);
  const json::Value why = program->explain(tool("delete").request());
  EXPECT_EQ(why.string_or("rule", ""), "old/default");
}

}  // namespace
}  // namespace agentos::policy
