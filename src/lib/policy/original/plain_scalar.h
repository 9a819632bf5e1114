// Plain YAML scalars as the original reads them. PyYAML follows YAML 1.1: `yes` is True, 0777 is 511, 1e3 is a str.
//
// Source: the type repository of yaml.org for YAML 1.1 (bool, int, float, null, timestamp), and PyYAML's resolver.
#pragma once

#include <string_view>

#include "base/error.h"
#include "base/yaml/document.h"

namespace agentos::policy::original {

// Gives every plain scalar below `node` the type PyYAML gives it. Refused, with position: what has no JSON value
// (dates, .inf, .nan) or is nearly always a mistake (1:30, which is 90; keys that are no text).
Status read_plain_scalars_like_python(yaml::Node& node, std::string_view file);

}  // namespace agentos::policy::original
