// Outline: any JSON value as indented "name: value" lines for people, made printable. Times in *_us are shown as times.
#pragma once

#include <string>

#include "base/json/value.h"

namespace agentos::cli {

std::string outline(const json::Value& value);

}  // namespace agentos::cli
