// The "arguments" of a rule: {name: {operator: value, ...}, ...} to Conditions, all of which must hold.
#pragma once

#include <string_view>
#include <vector>

#include "lib/policy/document.h"
#include "lib/policy/node_reader.h"

namespace agentos::policy {

// `rule` names the rule and its place in the sentence about an argument of another type.
std::vector<Condition> read_conditions(NodeReader& read, const yaml::Node& arguments, std::string_view rule,
                                       Condition::Quantity quantity);

}  // namespace agentos::policy
