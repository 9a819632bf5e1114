// What two profiles both allow: a child's profile is never more than its parent's.
#pragma once

#include "lib/sandbox/profile.h"

namespace agentos::sandbox {

// `wanted`, without what `parent` does not grant: files and their access that both grant, what either takes away, the
// smaller of each limit, and the stricter of the rest. The name is that of `wanted`. Paths compare as they are written,
// so a place that the two name differently is not granted.
Profile narrowed(const Profile& parent, Profile wanted);

}  // namespace agentos::sandbox
