// What the files of this folder share of RE2: its options, and its complaints as errors of ours. Not for other folders.
#pragma once

#include <re2/re2.h>

#include <string>

#include "base/error.h"
#include "base/regex/options.h"

namespace agentos::regex {

RE2::Options engine_options(const Options& options, std::size_t memory_octets_max);
Status check_length(std::string_view expression, const Options& options);
// Precondition: !refused.ok().
std::unexpected<Error> fail_refused(const RE2& refused);

}  // namespace agentos::regex
