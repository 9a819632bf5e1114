// The file rules of a launch: variables replaced, protected and closed places taken away, every bound checked.
#pragma once

#include "lib/sandbox/launch_plan.h"

namespace agentos::sandbox {

// Fills rules, rule_flags, dropped and unprotected of the plan, whose host, tmp and tree_directory are set.
Status place_rules(const LaunchRequest& request, const std::string& base_directory, LaunchPlan& plan);

// Whether the path is the folder or lies in it, as the two are written.
bool is_below(std::string_view path, std::string_view folder);

// Whether a rule grants the access to the path.
bool granted(const std::vector<FileRule>& rules, std::string_view path, Access access);

}  // namespace agentos::sandbox
