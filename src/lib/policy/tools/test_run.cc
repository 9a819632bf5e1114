// Comparing what was decided with what was expected, part by part.
#include "lib/policy/tools/test_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "lib/policy/rule.h"
#include "lib/policy/tools/bounds.h"
#include "lib/policy/tools/smallest_change.h"

namespace agentos::policy::tools {
namespace {

std::string place_of(const PolicyTest& test, yaml::Mark mark) {
  return fmt::format("{}:{}:{}", test.file, mark.line, mark.column);
}

std::string to_text(const Expectation& expect) {
  std::vector<std::string> parts;
  if (expect.verdict) parts.emplace_back(verdict_name(*expect.verdict));
  if (!expect.rule.empty()) parts.push_back(expect.rule);
  if (expect.message) parts.push_back(fmt::format("message \"{}\"", *expect.message));
  if (expect.obligations) parts.push_back(fmt::format("obligations [{}]", fmt::join(*expect.obligations, ", ")));
  return fmt::format("{}", fmt::join(parts, " "));
}

bool is_rule(std::string_view id, const std::string& wanted) { return id == wanted || id.ends_with("/" + wanted); }

std::vector<std::string> differences(const Expectation& expect, const Decision& decision) {
  std::vector<std::string> found;
  if (expect.verdict && decision.verdict != *expect.verdict) {
    found.push_back(
        fmt::format("verdict is {}, not {}", verdict_name(decision.verdict), verdict_name(*expect.verdict)));
  }
  if (!expect.rule.empty() && !is_rule(decision.rule, expect.rule)) {
    found.push_back(fmt::format("rule is {}, not {}", decision.rule, expect.rule));
  }
  if (expect.message && decision.message != *expect.message) {
    found.push_back(fmt::format("message is \"{}\", not \"{}\"", decision.message, *expect.message));
  }
  if (expect.obligations) {
    std::vector<std::string> actual;
    for (std::string_view name : obligation_names(decision.obligations)) actual.emplace_back(name);
    std::ranges::sort(actual);
    if (actual != *expect.obligations) {
      found.push_back(
          fmt::format("obligations are [{}], not [{}]", fmt::join(actual, ", "), fmt::join(*expect.obligations, ", ")));
    }
  }
  return found;
}

CaseResult run_case(const PolicyTest& test, const TestCase& one, const PolicySet& set, Coverage& coverage) {
  CaseResult result{.name = one.name,
                    .place = place_of(test, one.mark),
                    .expected = to_text(one.expect),
                    .actual = {},
                    .differences = {},
                    .explanation = {}};
  const auto request = set.read(one.request);
  if (!request) {
    result.actual = "invalid";
    result.differences.push_back(fmt::format("{}: {}{}{}", place_of(test, one.request_mark), request.error().message,
                                             request.error().hint.empty() ? "" : "; ", request.error().hint));
    return result;
  }
  const Decision decision = set.program->decide((*request)->request());
  coverage.add((*request)->request(), decision);
  result.actual = fmt::format("{} {}", verdict_name(decision.verdict), decision.rule);
  result.differences = differences(one.expect, decision);
  if (result.passed()) return result;
  auto why = explain(set, one.request);
  if (why) result.explanation = std::move(*why);
  return result;
}

}  // namespace

std::size_t TestRun::failed() const {
  return static_cast<std::size_t>(std::ranges::count_if(cases, [](const CaseResult& one) { return !one.passed(); }));
}

Result<TestRun> run_test(const PolicyTest& test, Vocabulary base, const FindPolicy& find,
                         std::shared_ptr<canonical::SqlParser> sql) {
  auto vocabulary = std::make_shared<Vocabulary>(std::move(base));
  for (const Vocabulary::Tool& tool : test.tools) {
    std::erase_if(vocabulary->tools, [&](const Vocabulary::Tool& known) { return known.name == tool.name; });
    vocabulary->tools.push_back(tool);
  }
  std::vector<Source> sources;
  for (const auto& [word, mark] : test.policies) {
    auto source = find(word);
    if (!source) {
      return fail(ErrorCode::kInvalidArgument, fmt::format("{}: {}", place_of(test, mark), source.error().message),
                  source.error().hint);
    }
    sources.push_back(std::move(*source));
  }
  TestRun run{.set = TRY(compile_set(std::move(sources), std::move(vocabulary), std::move(sql))),
              .cases = {},
              .coverage = nullptr};
  run.coverage = std::make_unique<Coverage>(*run.set.program);
  for (const TestCase& one : test.cases) run.cases.push_back(run_case(test, one, run.set, *run.coverage));
  return run;
}

}  // namespace agentos::policy::tools
