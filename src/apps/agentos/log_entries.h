// Entries of a log listed: as a table, as JSON, as JSON lines.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apps/agentos/verbs.h"
#include "base/json/value.h"
#include "lib/recorder/reader.h"

namespace agentos::cli {

json::Value leaf_of(const recorder::StoredEntry& entry);  // an empty object when it is no JSON
json::Value entry_json(const recorder::StoredEntry& entry, json::Value leaf);
void print_entries(const std::vector<recorder::StoredEntry>& entries);  // a table
void print_found(const std::vector<recorder::StoredEntry>& entries, Format format);
void print_entry_line(const recorder::StoredEntry& entry);
// Calls `each` for entries as they are written, until the program is interrupted.
Status follow_log(const std::string& directory, recorder::Index next,
                  const std::function<void(const recorder::StoredEntry&)>& each);

}  // namespace agentos::cli
