// A document of kind PolicyTest, read strictly: what is tested, and cases of a request and what is expected of it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json/value.h"
#include "base/yaml/document.h"
#include "lib/policy/policy.h"

namespace agentos::policy::tools {

// What is not stated is not compared.
struct Expectation {
  std::optional<Verdict> verdict;
  std::string rule;  // POLICY/RULE, or a rule's name alone
  std::optional<std::string> message;
  std::optional<std::vector<std::string>> obligations;  // sorted
};

struct TestCase {
  std::string name;
  yaml::Mark mark;
  json::Value request;
  yaml::Mark request_mark;
  Expectation expect;
};

struct PolicyTest {
  std::string name;
  std::string file;
  std::vector<std::pair<std::string, yaml::Mark>> policies;  // names of built-in ones, or files
  std::vector<Vocabulary::Tool> tools;
  std::vector<TestCase> cases;
};

// Whether a document says it is of this kind.
bool is_policy_test(const yaml::Node& root);
// kMalformed or kInvalidArgument with "file:line:column: what". Requests are checked when they are decided.
Result<PolicyTest> read_policy_test(std::string_view text, std::string_view file);

}  // namespace agentos::policy::tools
