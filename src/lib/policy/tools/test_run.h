// Running a policy test: each case decided and compared, failures explained, coverage counted.
#pragma once

#include <functional>

#include "lib/policy/tools/coverage.h"
#include "lib/policy/tools/set.h"
#include "lib/policy/tools/test_document.h"

namespace agentos::policy::tools {

struct CaseResult {
  std::string name;
  std::string place;  // file:line:column
  std::string expected;
  std::string actual;
  std::vector<std::string> differences;  // empty: passed
  json::Value explanation;               // of what failed; null when its request cannot be read
  bool passed() const { return differences.empty(); }
};

struct TestRun {
  PolicySet set;
  std::vector<CaseResult> cases;
  std::unique_ptr<Coverage> coverage;
  std::size_t failed() const;
};

// A policy under test, by its word in the document.
using FindPolicy = std::function<Result<Source>(const std::string& word)>;

// `base` gives the calls, and tools beside those of the test. An error when the policies cannot be read or compiled.
Result<TestRun> run_test(const PolicyTest& test, Vocabulary base, const FindPolicy& find,
                         std::shared_ptr<canonical::SqlParser> sql = nullptr);

}  // namespace agentos::policy::tools
