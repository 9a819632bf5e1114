// An expression of agentgateway as one of ours: its variables replaced by what they are here, and guarded so that what
// is absent is false, as it is there.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace agentos::policy::importing {

struct GatewayExpression {
  std::string when;                // empty: always
  std::vector<std::string> tools;  // names that tool.name must be one of, taken out of `when`; empty: any
};

// kUnsupported with "1:12: jwt.sub ..." when it asks for something that is not known here; kMalformed when it does not
// parse. `meanings` are variables of the gateway and our expressions for them.
Result<GatewayExpression> translate(std::string_view text, const std::map<std::string, std::string>& meanings);
// The same without guards and in parentheses where needed: true only when it surely holds, and an error otherwise.
Result<std::string> translate_strictly(std::string_view text, const std::map<std::string, std::string>& meanings);

}  // namespace agentos::policy::importing
