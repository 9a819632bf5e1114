// Canonical text of a native document: the keys of the language in the order of its table, one style of quotes and
// lists, comments kept.
//
// What it gives says the same as what it was given, holds the same comments, and formatting it again changes nothing;
// a text for which that cannot be shown is refused. A document in JSON stays JSON.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace agentos::policy::tools {

// Of a document of the kind Policy or PolicyTest; it need not be valid beyond being YAML. kMalformed: not YAML, with
// the place. kUnsupported: anchors, aliases or tags, which would be lost, with the place.
Result<std::string> format_document(std::string_view text, std::string_view file);

}  // namespace agentos::policy::tools
