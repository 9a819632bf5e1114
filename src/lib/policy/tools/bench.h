// How fast a program decides some requests, measured in this process on one thread.
#pragma once

#include <memory>
#include <vector>

#include "lib/policy/tools/set.h"

namespace agentos::policy::tools {

struct BenchResult {
  std::int64_t decisions = 0;
  double seconds = 0;
  double per_second = 0;          // of whole rounds through the requests
  double p50_ns = 0, p99_ns = 0;  // of single decisions, the clock's own time taken off
  double clock_ns = 0;            // what reading the clock twice takes
};

// Rounds through the requests for about `seconds`, a third of them with every decision timed. Precondition: there are
// requests.
BenchResult bench(const Program& program, const std::vector<std::unique_ptr<const StatedRequest>>& requests,
                  double seconds);

}  // namespace agentos::policy::tools
