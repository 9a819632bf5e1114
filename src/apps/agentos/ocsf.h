// An entry as an event of the Open Cybersecurity Schema Framework, for programs that collect those.
//
// Source: https://schema.ocsf.io, version 1.7.0: classes API Activity (6003) with the profile security_control for
// calls and refusals, Process Activity (1007) for agents, Application Lifecycle (6002) for the kernel, Base Event (0)
// for the rest. `raw_data` is the leaf as it is in the log, so that the event can be proven (`agentos log prove`).
#pragma once

#include <string_view>

#include "base/json/value.h"
#include "lib/recorder/reader.h"

namespace agentos::cli {

// `origin` names the log: with the index it is the event's id.
json::Value ocsf_event(const recorder::StoredEntry& entry, const json::Value& leaf, std::string_view origin);

}  // namespace agentos::cli
