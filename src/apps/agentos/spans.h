// A story as OpenTelemetry spans: one for each agent, one for each of its calls.
//
// Source: OTLP 1.x JSON Protobuf encoding (trace and span ids are lower-case hex, 64-bit numbers are strings, enums are
// numbers) and the semantic conventions of gen_ai for agents and tools.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/agentos/story.h"

namespace agentos::cli {

inline constexpr std::size_t kSpansARequest = 2'000;

// Lines, each one ExportTraceServiceRequest. `log` names the log: the same log gives the same ids.
std::vector<std::string> otlp_requests(const Story& story, const std::vector<std::size_t>& roots, std::string_view log);

}  // namespace agentos::cli
