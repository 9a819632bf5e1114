// An explanation of a decision for people: the verdict and its rule first, then clauses, what else matched, and the
// smallest change.
#pragma once

#include <string>

#include "apps/agentos/screen.h"
#include "base/json/value.h"

namespace agentos::cli {

// `why` is what lib/policy/tools explain() gives. Lines, each with its newline.
std::string explanation_text(const json::Value& why, const Screen& screen, const std::string& indent);
Style style_of_verdict(std::string_view verdict);

}  // namespace agentos::cli
