// A text with its findings replaced, so that it can be kept and shown.
#pragma once

#include <string>
#include <string_view>

#include "lib/guard/scan.h"

namespace agentos::guard {

// Appends `text` with "[secret github_token]", "[ansi]" and the like where findings are. What was not looked at (see
// Findings::complete) is left out. JSON stays JSON when the findings are those of Syntax::kJson.
void write_cleaned(std::string_view text, const Findings& findings, Syntax syntax, std::string& out);
std::string cleaned(std::string_view text, Syntax syntax = Syntax::kPlain);

}  // namespace agentos::guard
