// agentos freeze --all: stops every agent at once; --thaw lets them go on.
#include "apps/agentos/signalling.h"

namespace agentos::cli {

Result<int> verb_freeze(const Globals& globals, const FreezeOptions& options) {
  if (!options.all) {
    return fail(ErrorCode::kInvalidArgument, "freeze stops every agent; say so with --all",
                "agentos freeze --all, or for one agent: agentos stop AGENT");
  }
  return freeze_all(globals, options);
}

}  // namespace agentos::cli
