// Names inside a schema document: JSON Pointers (RFC 6901) and URI references (RFC 3986 section 5), as far as finding a
// subschema needs them. Nothing is ever fetched.
#pragma once

#include <string>
#include <string_view>

#include "base/json/value.h"

namespace agentos::schema {

// "/a~1b" for the key "a/b" appended to `pointer`.
std::string child_pointer(std::string_view pointer, std::string_view key);
// The value `pointer` names below `document`, or nullptr. "" is the document.
const json::Value* resolve_pointer(const json::Value& document, std::string_view pointer);
std::string percent_decode(std::string_view fragment);

struct UriReference {
  std::string uri;       // absolute when the base was; without fragment
  std::string fragment;  // percent-decoded, without '#'
};
UriReference resolve_uri(std::string_view base, std::string_view reference);

}  // namespace agentos::schema
