// A text that a regular expression matches, for witnesses. Best effort: what it gives is tried before it is told, and
// what it cannot read it leaves out.
#pragma once

#include <string>
#include <string_view>

namespace agentos::policy::tools {

std::string example_of(std::string_view pattern);

}  // namespace agentos::policy::tools
