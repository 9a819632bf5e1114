// agentos policy lint: findings with their places; errors fail, and with --strict warnings too.
#include <fmt/format.h>

#include <algorithm>

#include "apps/agentos/policy_input.h"
#include "apps/agentos/report.h"
#include "lib/policy/tools/lint.h"

namespace agentos::cli {
namespace {

using policy::tools::Finding;

std::string_view severity_name(Finding::Severity severity) {
  return severity == Finding::Severity::kError ? "error" : "warning";
}

json::Value finding_json(const Finding& finding) {
  return json::Object{{"severity", severity_name(finding.severity)},
                      {"code", finding.code},
                      {"file", finding.file},
                      {"line", static_cast<std::int64_t>(finding.mark.line)},
                      {"column", static_cast<std::int64_t>(finding.mark.column)},
                      {"message", finding.message},
                      {"fix", finding.fix}};
}

}  // namespace

Result<int> verb_policy_lint(const Globals& globals, const PolicyOptions& options) {
  const policy::tools::PolicySet set = TRY(policy_set_of(globals, options, options.files));
  const std::vector<Finding> findings = policy::tools::lint(set);
  const auto errors = std::ranges::count(findings, Finding::Severity::kError, &Finding::severity);
  const auto warnings = std::ssize(findings) - errors;
  const bool clean = errors == 0 && (warnings == 0 || !options.strict);
  if (globals.format == Format::kJson) {
    json::Array all;
    for (const Finding& finding : findings) all.push_back(finding_json(finding));
    print_json(json::Object{{"clean", clean},
                            {"errors", static_cast<std::int64_t>(errors)},
                            {"warnings", static_cast<std::int64_t>(warnings)},
                            {"findings", std::move(all)}});
    return clean ? kExitOk : kExitInvalid;
  }
  const Screen screen = screen_of(1);
  for (const Finding& finding : findings) {
    const Style style = finding.severity == Finding::Severity::kError ? Style::kBad : Style::kWarn;
    print(fmt::format("{}:{}:{}: {} [{}]: {}\n", printable(finding.file), finding.mark.line, finding.mark.column,
                      styled(screen, style, severity_name(finding.severity)), finding.code,
                      printable(finding.message)));
    if (!finding.fix.empty()) print("  fix: " + printable(finding.fix) + "\n");
  }
  print(fmt::format("{} errors, {} warnings\n", errors, warnings));
  return clean ? kExitOk : kExitInvalid;
}

}  // namespace agentos::cli
