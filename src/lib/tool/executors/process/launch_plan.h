// What is started for one call: the command with its arguments, the profile with the manifest's paths, the pipes.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "base/io/fd.h"
#include "lib/sandbox/launcher.h"
#include "lib/tool/registry.h"

namespace agentos::tool {

struct LaunchPlan {
  sandbox::LaunchRequest request;
  io::Fd output;  // our ends; they do not block
  io::Fd errors;
};

// The process sees PATH, LANG, AGENTOS_AGENT and AGENTOS_TOOL and nothing of this process's environment. The profile
// also carries a wall-clock limit a little above `timeout_ms`, so that the tree ends even if we do not.
Result<LaunchPlan> plan_launch(const Manifest& manifest, const Invocation& invocation, std::int64_t timeout_ms);

}  // namespace agentos::tool
