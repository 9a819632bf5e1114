// What is signed of a log's directory, at a glance: not checked here, `agentos log verify` does.
#pragma once

#include <string>

#include "base/json/value.h"

namespace agentos::cli {

// {"signed","epoch","cosigned","tiled"}: entries the checkpoint covers, the epoch of its forward-secure line (-1:
// none), entries a witness's checkpoint covers, entries that have tiles.
json::Value signatures_of(const std::string& directory);
// The same as a line for people.
std::string signatures_line(const std::string& directory);

}  // namespace agentos::cli
