// A folder of test files, run, and what came of it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/cel_conformance/outcome.h"
#include "base/error.h"

namespace agentos::cel_conformance {

struct Totals {
  std::string file;
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t excluded = 0;
  std::size_t total() const { return passed + failed + excluded; }
};

struct Report {
  std::vector<Totals> files;  // by name
  std::vector<Outcome> outcomes;
  Totals sum() const;
};

// Runs every *.textproto file of `folder`. An unreadable or malformed file is an error of the whole.
Result<Report> run_folder(const std::filesystem::path& folder);

enum class Detail { kTable, kWithFailed, kWithExcluded, kWithBoth };
std::string as_text(const Report& report, Detail detail);
std::string as_json(const Report& report);

}  // namespace agentos::cel_conformance
