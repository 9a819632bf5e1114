// Who a limit counts for in a request. An agent and all it forked are one: a child is no second purse.
#pragma once

#include <string_view>

#include "lib/policy/policy.h"

namespace agentos::policy {

inline std::string_view limit_subject(const LimitSpec& spec, const Request& request) {
  switch (spec.per) {
    case Per::kAgent:
      return request.principal.chain.empty() ? request.principal.agent : request.principal.chain.back();
    case Per::kTool:
      return request.tool.empty() ? request.call_name : request.tool;
    case Per::kGroup:
      for (const std::string& label : request.principal.labels) {
        if (label.starts_with(kGroupPrefix)) return std::string_view(label).substr(kGroupPrefix.size());
      }
      return "no group";
    case Per::kEveryone:
      break;
  }
  return "everyone";
}

}  // namespace agentos::policy
