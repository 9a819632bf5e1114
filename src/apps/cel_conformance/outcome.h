// Runs one test of the suite: passed, failed with what was seen, or excluded with why it cannot be run here.
#pragma once

#include <string>

#include "apps/cel_conformance/textproto.h"

namespace agentos::cel_conformance {

enum class Verdict { kPassed, kFailed, kExcluded };

struct Outcome {
  std::string file = {};
  std::string section = {};
  std::string test = {};
  Verdict verdict = Verdict::kPassed;
  std::string reason = {};  // of a failure or exclusion
};

// `test` is a cel.expr.conformance.test.SimpleTest. Sets verdict and reason.
Outcome run_test(const Field& test);

}  // namespace agentos::cel_conformance
