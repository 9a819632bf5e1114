// What a changed folder would reach beyond itself once it is the operator's: links that lead out, programs that run as
// their owner.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lib/workspace/snapshot.h"

namespace agentos::workspace {

// For each of `changes`, in the order of paths, which make `after` of `before`, why it reaches out; empty: it does not.
// A link leads out when following it, and every link on the way, does; a change that makes an old link lead out is held
// for it.
std::vector<std::string> reach_of(const Snapshot& before, const Snapshot& after, const std::vector<Change>& changes);

// Whether the link at `path` leads out of the folder when it is followed in `snapshot`. Names that are not there count
// as folders. Told of each path looked at on the way; false: it has been long enough, and the link counts as out.
using Met = std::function<bool(const std::string& path)>;
bool leads_out(const Snapshot& snapshot, const std::string& path, const Met& met);

}  // namespace agentos::workspace
