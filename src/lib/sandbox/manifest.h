// What init reported, in words: the enforcement manifest of a good start, the Error of a refused one.
#pragma once

#include "base/json/value.h"
#include "lib/sandbox/launch_plan.h"

namespace agentos::sandbox {

// {"profile","program","identity","mechanisms":[{"mechanism",...}],"probes":[{"probe","answer"}],"skipped":[path],
//  "taken_away":[{"path","is"}],"unprotected":[path],"replaced":[{"path","from"}],"promised":[name],
//  "environment":[name],"system","tmp"}. An answer is the name of an errno, or "not promised".
json::Value make_manifest(const LaunchPlan& plan, const StartReport& report);

// Why nothing runs, with the mend.
Error start_error(const LaunchPlan& plan, const StartReport& report);

const char* probe_name(Probe probe);

}  // namespace agentos::sandbox
