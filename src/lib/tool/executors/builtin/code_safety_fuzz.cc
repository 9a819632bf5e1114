// Any octets as code of any language: an answer in bounds, findings in order with lines that exist.
#include <algorithm>

#include "base/error.h"
#include "lib/tool/executors/builtin/code_safety.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace agentos::tool;
  if (size == 0) return 0;
  static constexpr std::string_view kLanguages[] = {"python", "javascript", "shell", "sql", "none"};
  const std::string code(reinterpret_cast<const char*>(octets) + 1, size - 1);
  const auto findings = check_code(code, kLanguages[octets[0] % std::size(kLanguages)]);
  if (!findings) return 0;
  CHECK(findings->size() <= kCodeFindingsMax);
  std::int64_t line = 1;
  for (const CodeFinding& one : *findings) {
    CHECK(one.line >= line && !one.rule.empty());
    line = one.line;
  }
  CHECK(line <= std::count(code.begin(), code.end(), '\n') + 1);
  return 0;
}
