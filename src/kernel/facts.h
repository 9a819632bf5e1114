// Facts: what policy may know of a request, taken from the typed request once, in canonical form.
//
// The canonical path that policy decided on is the path the handler uses; raw text is matched nowhere.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "abi/table.h"
#include "base/error.h"
#include "base/json/value.h"
#include "lib/policy/policy.h"
#include "lib/tool/registry.h"

namespace agentos::kernel {

struct CallContext;

struct Facts {
  std::string_view path;         // canonical; empty when the call names none
  std::string_view second_path;  // rename's new name
  std::string_view tool;
  std::string_view target;                       // agent acted on, resolved to an id
  std::string target_parent;                     // parent of `target`, when that agent is known
  std::shared_ptr<const tool::Tool> tool_entry;  // exec: null when no such tool is registered
  std::string schema_problem;                    // exec: arguments do not fit the tool's schema
  std::string path_scratch, second_path_scratch, handle_path;
  std::unique_ptr<policy::Arguments> arguments;
};

// Fills context.facts. Fails (invalid_argument, step decode) for paths that have no canonical form and for requests
// that name both or neither of path and handle.
Status gather_facts(CallContext& context);

// The policy request of a context; views into the context.
policy::Request policy_request(const CallContext& context);

// Arguments over a JSON object (exec's arguments; other calls by their canonical encoding, parsed when first asked).
std::unique_ptr<policy::Arguments> json_arguments(const json::Value& object);
std::unique_ptr<policy::Arguments> lazy_arguments(const std::string& canonical);

}  // namespace agentos::kernel
