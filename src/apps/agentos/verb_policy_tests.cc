// agentos policy test: cases of policy tests, decided and compared, with coverage of rules and clauses.
#include <fmt/format.h>

#include <cmath>
#include <filesystem>

#include "apps/agentos/documents.h"
#include "apps/agentos/explanation.h"
#include "apps/agentos/policy_input.h"
#include "apps/agentos/report.h"
#include "lib/policy/tools/test_run.h"

namespace agentos::cli {
namespace {

using policy::tools::CaseResult;
using policy::tools::Coverage;
using policy::tools::TestRun;

json::Value case_json(const CaseResult& one) {
  json::Object object{{"name", one.name},
                      {"at", one.place},
                      {"passed", one.passed()},
                      {"expected", one.expected},
                      {"actual", one.actual}};
  if (one.passed()) return object;
  json::Array differences;
  for (const std::string& difference : one.differences) differences.push_back(difference);
  object.append("differences", std::move(differences));
  object.append("explanation", one.explanation);
  return object;
}

std::string failure_text(const CaseResult& one, const Screen& screen) {
  std::string out =
      fmt::format("{} {} ({})\n", styled(screen, Style::kBad, "failed"), printable(one.name), printable(one.place));
  for (const std::string& difference : one.differences) out += "  " + printable(difference) + "\n";
  if (one.explanation.is_object()) out += explanation_text(one.explanation, screen, "  ");
  return out;
}

std::string total_text(const char* what, const Coverage::Total& total) {
  return fmt::format("{} {}/{} ({:.1f} %)", what, total.covered, total.all, total.percent());
}

std::string missing_text(const Coverage& coverage, const Screen& screen) {
  std::string out;
  for (const Coverage::Rule& rule : coverage.rules()) {
    if (!rule.applied) {
      out += fmt::format("  {} {} never applied ({})\n", styled(screen, Style::kWarn, "uncovered"), printable(rule.id),
                         printable(rule.place));
      continue;
    }
    for (const Coverage::Clause& clause : rule.clauses) {
      if (clause.seen_true && clause.seen_false) continue;
      out += fmt::format("  {} {} {} {}: never {}\n", styled(screen, Style::kWarn, "uncovered"), printable(rule.id),
                         printable(clause.name), printable(clause.pattern), clause.seen_true ? "false" : "true");
    }
  }
  return out;
}

Result<TestRun> run_file(const Globals& globals, const PolicyOptions& options, const std::string& file) {
  const abi::Document document = TRY(read_document(file));
  const auto test = policy::tools::read_policy_test(document.text, file);
  if (!test) return invalid(test.error());
  const std::string folder = file == "-" ? "." : std::filesystem::path(file).parent_path().string();
  const auto find = [&](const std::string& word) { return read_policy_of_test(word, folder.empty() ? "." : folder); };
  auto run = policy::tools::run_test(*test, TRY(vocabulary_of(globals, options)), find, sql_parser());
  if (!run) return invalid(run.error());
  return run;
}

void print_people(const std::string& file, const TestRun& run, const PolicyOptions& options) {
  const Screen screen = screen_of(1);
  Table table({{"CASE"}, {"EXPECTED", Align::kLeft, Fit::kFlexible}, {"ACTUAL", Align::kLeft, Fit::kFlexible}, {""}});
  for (const CaseResult& one : run.cases) {
    table.add(
        {one.name, one.expected, one.actual, one.passed() ? Cell{"ok", Style::kGood} : Cell{"FAILED", Style::kBad}});
  }
  print(printable(file) + "\n" + table.render(screen));
  for (const CaseResult& one : run.cases) {
    if (!one.passed()) print(failure_text(one, screen));
  }
  if (options.coverage) print(missing_text(*run.coverage, screen));
  print(fmt::format("{} passed, {} failed; covered: {}, {}, {}\n", run.cases.size() - run.failed(), run.failed(),
                    total_text("rules", run.coverage->rules_applied()),
                    total_text("clause outcomes", run.coverage->clause_outcomes()),
                    total_text("all", run.coverage->all())));
}

}  // namespace

Result<int> verb_policy_test(const Globals& globals, const PolicyOptions& options) {
  bool failed = false;
  json::Array files;
  for (const std::string& file : options.files) {
    const TestRun run = TRY(run_file(globals, options, file));
    const bool too_little = options.coverage && run.coverage->all().percent() < *options.coverage;
    failed = failed || run.failed() > 0 || too_little;
    if (globals.format == Format::kJson) {
      json::Array cases;
      for (const CaseResult& one : run.cases) cases.push_back(case_json(one));
      json::Object object{{"file", file},
                          {"passed", static_cast<std::int64_t>(run.cases.size() - run.failed())},
                          {"failed", static_cast<std::int64_t>(run.failed())},
                          {"cases", std::move(cases)},
                          {"coverage", policy::tools::to_json(*run.coverage)}};
      if (options.coverage) object.append("coverage_reached", !too_little);
      files.push_back(std::move(object));
      continue;
    }
    print_people(file, run, options);
    if (too_little) {
      print_error({ErrorCode::kInvalidArgument,
                   fmt::format("{}: coverage is {:.1f} %, less than {} %", file, run.coverage->all().percent(),
                               *options.coverage),
                   "add cases for what is listed as uncovered"});
    }
  }
  if (globals.format == Format::kJson) print_json(json::Object{{"passed", !failed}, {"tests", std::move(files)}});
  return failed ? kExitFailure : kExitOk;
}

}  // namespace agentos::cli
