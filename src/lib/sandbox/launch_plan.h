// From a LaunchRequest to what init is told: every path resolved, every name filtered, every bound checked.
#pragma once

#include <linux/filter.h>

#include <string>
#include <vector>

#include "lib/sandbox/environment.h"
#include "lib/sandbox/launcher_options.h"
#include "lib/sandbox/mechanism/wire.h"

namespace agentos::sandbox {

struct PlanOptions {
  std::string base_directory;  // where tree directories are made
  std::uint64_t mark = 0;      // unique on this host while the tree lives
  int landlock_abi = 0;        // at most what this host has
  Cgroups cgroups = Cgroups::kWhenPossible;
  const std::vector<sock_filter>& filter;
};

// A launch that can be written to init, and what its manifest is made from.
struct LaunchPlan {
  PlanHeader header;
  std::string profile_name;
  Network network = Network::kNone;
  Limits limits;
  std::vector<FileRule> rules;       // paths replaced
  std::vector<std::string> dropped;  // rules about a private tmp the profile has not
  std::string tree_directory;
  std::string tmp;  // empty: none
  std::string working_directory;
  std::vector<std::string> candidates;
  std::vector<std::string> command;
  Environment environment;
  std::size_t filter_instructions = 0;
  std::string bytes;  // the plan as init reads it
};

// kInvalidArgument, kNotFound or kTooLarge, naming what and how to mend it.
Result<LaunchPlan> make_launch_plan(const LaunchRequest& request, const PlanOptions& options);

}  // namespace agentos::sandbox
