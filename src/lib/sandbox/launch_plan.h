// From a LaunchRequest to what init is told: every path resolved, every name filtered, every bound checked.
#pragma once

#include <linux/filter.h>

#include <string>
#include <vector>

#include "lib/sandbox/environment.h"
#include "lib/sandbox/isolation.h"
#include "lib/sandbox/launcher_options.h"
#include "lib/sandbox/mechanism/wire.h"
#include "lib/sandbox/seccomp_filter.h"

namespace agentos::sandbox {

struct PlanOptions {
  std::string base_directory;      // where tree directories are made
  std::uint64_t mark = 0;          // unique on this host while the tree lives
  HostOffer host;                  // what this start may use of this host
  std::string why_no_namespaces;   // where host.namespaces is false
  std::uint32_t user = kSameUser;  // the program's, when the launcher is root
  Cgroups cgroups = Cgroups::kWhenPossible;
};

// The offer narrowed by what the profile wants: fewer rights of Landlock, no namespaces. kUnsupported, with the mend,
// when the profile demands what is not offered.
Result<HostOffer> offer_for(const Profile& profile, const HostOffer& host, const std::string& why_no_namespaces);

// Whether a probe of every start measures the promise, so that the record has what the system answered.
bool measured(Promise promise);

// The filter a start under this offer has.
FilterOptions filter_options(const Profile& profile, const HostOffer& host);

// A launch that can be written to init, and what its manifest is made from.
struct LaunchPlan {
  PlanHeader header;
  std::string profile_name;
  Network network = Network::kNone;
  Limits limits;
  std::vector<FileRule> rules;            // paths replaced
  std::vector<std::uint32_t> rule_flags;  // RuleFlag of each
  std::vector<std::string> dropped;       // rules about a private tmp, or a home, there is not
  HostOffer host;
  std::string why_no_namespaces;
  std::vector<std::string> unprotected;  // protected paths the profile leaves open
  std::string tree_directory;
  std::string tmp;  // empty: none
  std::string working_directory;
  std::vector<std::string> candidates;
  std::vector<std::string> command;
  Environment environment;
  std::size_t filter_instructions = 0;
  std::string bytes;  // the plan as init reads it
};

// kInvalidArgument, kNotFound, kTooLarge or kUnsupported, naming what and how to mend it.
Result<LaunchPlan> make_launch_plan(const LaunchRequest& request, const PlanOptions& options,
                                    const std::vector<sock_filter>& filter);

}  // namespace agentos::sandbox
