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

// Names that reach_of() looks at, of all links together; with more all changed links are held.
inline constexpr std::size_t kLinkStepsMax = 1'000'000;

// Whether the link at `path` leads out of the folder when it is followed in `snapshot`, or uses up `steps_left`. Names
// that are not there count as folders. `met` is told of the paths on the way.
using Met = std::function<void(const std::string& path)>;
bool leads_out(const Snapshot& snapshot, const std::string& path, std::size_t& steps_left, const Met& met);

}  // namespace agentos::workspace
