// The language as a JSON Schema (2020-12) for editors and as a page for people, both from lib/policy/keys.h and a
// vocabulary: the same octets each time.
#pragma once

#include <string>

#include "base/json/value.h"
#include "lib/policy/policy.h"

namespace agentos::policy::tools {

// Of documents of the kinds Policy and PolicyTest. `comment` goes first, as "$comment".
json::Value schema_of_documents(const Vocabulary& vocabulary, std::string_view comment);
// Markdown. `notice` is its first line.
std::string reference_page(const Vocabulary& vocabulary, std::string_view notice);

}  // namespace agentos::policy::tools
