// agentos version: of this program, and of the kernel when one runs.
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"

namespace agentos::cli {

Result<int> verb_version(const Globals& globals) {
  json::Object out;
  out["version"] = AGENTOS_VERSION;
  out["abi"] = abi::kAbiRevision;
  std::string kernel = "not running";
  if (auto reached = reach_kernel(globals, Start::kNever)) {
    kernel = reached->hello.version;
    out["kernel"] = json::Object{{"version", reached->hello.version},
                                 {"abi", reached->hello.abi},
                                 {"state", reached->hello.state},
                                 {"socket", reached->socket}};
  }
  if (globals.format == Format::kJson) {
    print_json(json::Value(std::move(out)));
  } else {
    print("agentos " AGENTOS_VERSION " (table " + std::to_string(abi::kAbiRevision) + ")\nkernel  " +
          printable(kernel) + "\n");
  }
  return kExitOk;
}

}  // namespace agentos::cli
