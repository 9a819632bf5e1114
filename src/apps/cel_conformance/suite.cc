// Running a folder, and writing what came of it.
#include "apps/cel_conformance/suite.h"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>
#include "base/json/value.h"

namespace agentos::cel_conformance {
namespace {

Result<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kTextBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (!file.eof() && file.fail()))
    return fail(ErrorCode::kIo, fmt::format("cannot read {}", path.string()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

void count(Totals& totals, Verdict verdict) {
  totals.passed += verdict == Verdict::kPassed;
  totals.failed += verdict == Verdict::kFailed;
  totals.excluded += verdict == Verdict::kExcluded;
}

Status run_file(const std::filesystem::path& path, Report& report) {
  const std::string text = TRY(read_file(path));
  const auto root = parse_textproto(text);
  if (!root) return fail(root.error().code, fmt::format("{}:{}", path.string(), root.error().message));
  Totals totals{.file = path.filename().string()};
  for (const Field& section : root->fields) {
    if (section.name != "section") continue;
    for (const Field& test : section.fields) {
      if (test.name != "test") continue;
      Outcome outcome = run_test(test);
      outcome.file = totals.file;
      outcome.section = section.text_of("name");
      count(totals, outcome.verdict);
      report.outcomes.push_back(std::move(outcome));
    }
  }
  report.files.push_back(std::move(totals));
  return {};
}

json::Value totals_json(const Totals& totals) {
  return json::Object{{"file", totals.file},
                      {"passed", static_cast<std::int64_t>(totals.passed)},
                      {"failed", static_cast<std::int64_t>(totals.failed)},
                      {"excluded", static_cast<std::int64_t>(totals.excluded)},
                      {"total", static_cast<std::int64_t>(totals.total())}};
}

}  // namespace

Totals Report::sum() const {
  Totals sum{.file = "all"};
  for (const Totals& file : files) {
    sum.passed += file.passed;
    sum.failed += file.failed;
    sum.excluded += file.excluded;
  }
  return sum;
}

Result<Report> run_folder(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    if (entry.path().extension() == ".textproto") paths.push_back(entry.path());
  if (error) return fail(ErrorCode::kIo, fmt::format("cannot list {}: {}", folder.string(), error.message()));
  if (paths.empty()) return fail(ErrorCode::kNotFound, fmt::format("no *.textproto file in {}", folder.string()));
  std::ranges::sort(paths);
  Report report;
  for (const auto& path : paths) TRY(run_file(path, report));
  return report;
}

std::string as_text(const Report& report, Detail detail) {
  std::string text = fmt::format("{:<32} {:>7} {:>7} {:>9} {:>7}\n", "file", "passed", "failed", "excluded", "total");
  const auto line = [&](const Totals& each) {
    text += fmt::format("{:<32} {:>7} {:>7} {:>9} {:>7}\n", each.file, each.passed, each.failed, each.excluded,
                        each.total());
  };
  for (const Totals& each : report.files) line(each);
  line(report.sum());
  const auto list = [&](Verdict verdict, std::string_view title) {
    text += fmt::format("\n{}:\n", title);
    for (const Outcome& outcome : report.outcomes)
      if (outcome.verdict == verdict)
        text += fmt::format("  {}/{}/{}: {}\n", outcome.file, outcome.section, outcome.test, outcome.reason);
  };
  if (detail == Detail::kWithFailed || detail == Detail::kWithBoth) list(Verdict::kFailed, "failed");
  if (detail == Detail::kWithExcluded || detail == Detail::kWithBoth) list(Verdict::kExcluded, "excluded");
  return text;
}

std::string as_json(const Report& report) {
  json::Array files, failed, excluded;
  for (const Totals& each : report.files) files.emplace_back(totals_json(each));
  for (const Outcome& outcome : report.outcomes) {
    if (outcome.verdict == Verdict::kPassed) continue;
    json::Object entry{{"file", outcome.file},
                       {"section", outcome.section},
                       {"test", outcome.test},
                       {"reason", json::to_valid_utf8(outcome.reason)}};
    (outcome.verdict == Verdict::kFailed ? failed : excluded).emplace_back(std::move(entry));
  }
  return json::write_pretty(json::Object{{"files", std::move(files)},
                                         {"all", totals_json(report.sum())},
                                         {"failed", std::move(failed)},
                                         {"excluded", std::move(excluded)}});
}

}  // namespace agentos::cel_conformance
