// The YAML 1.2 core schema (section 10.3.2) on one scalar: which of null, boolean, integer, number or string a text is.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/yaml/document.h"

namespace agentos::yaml {

// Sets kind, text and value of `node` from a plain scalar. The error message has no position. An integer beyond int64
// and .inf and .nan, which JSON cannot say, are refused rather than turned into something else.
Status resolve_plain(std::string_view text, Node& node);

// As resolve_plain, but the result must be what `tag` ("tag:yaml.org,2002:int", ...) says; any tag but those of the
// core schema is refused. `quoted` scalars without a tag are strings.
enum class ScalarForm { kPlain, kQuoted };
Status resolve_tagged(std::string_view text, std::string_view tag, ScalarForm form, Node& node);

}  // namespace agentos::yaml
