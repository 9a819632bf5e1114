// agentos signal: sends one of the twelve signals of the table, which are not Linux's.
#include "abi/codes.h"
#include "apps/agentos/signalling.h"

namespace agentos::cli {

Result<int> verb_signal(const Globals& globals, const AgentOptions& options) {
  if (abi::find_signal(options.signal) == nullptr) {
    std::string names;
    for (const abi::SignalInfo& signal : abi::signals()) names += (names.empty() ? "" : " ") + std::string(signal.name);
    return fail(abi::error::no_such_signal, "there is no signal \"" + options.signal + "\"", "there are " + names);
  }
  return send_signal(globals, options, options.signal);
}

}  // namespace agentos::cli
