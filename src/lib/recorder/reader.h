// Reading and verifying a log directory without a kernel. Never writes; safe beside a running recorder.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "lib/recorder/entry.h"

namespace agentos::recorder {

struct StoredEntry {
  Index index = 0;
  std::string leaf;                    // canonical JSON
  std::optional<std::string> opening;  // absent: none, withheld or erased
  bool opening_matches = true;         // false: it does not hash to the leaf's commitment
};

struct ReadFilter {
  Index first = 0;
  Index last = kNoIndex;  // inclusive
};

// Calls `each` for every entry in order until it returns false. A torn tail of the last segment ends the reading
// without an error; damage before it is kCorrupt with segment file and offset.
Status read_log(const std::string& directory, const ReadFilter& filter,
                const std::function<bool(const StoredEntry&)>& each);

struct VerifyReport {
  bool valid = false;
  std::uint64_t entries = 0;
  std::uint64_t segments = 0;
  std::uint64_t bytes = 0;
  std::uint64_t openings = 0;
  std::string root;                   // base64 root hash over `entries`
  std::uint64_t checkpoint_size = 0;  // tree size of the newest signed checkpoint that was checked; 0: none
  std::uint64_t intents = 0, outcomes = 0, refused = 0, events = 0, unknown = 0, open_intents = 0;
  std::string problem;   // first problem: what
  std::string position;  // where: "segment-….log offset 4711 (entry 12)"
};

// Recomputes every frame, commitment, leaf and root, checks each outcome against its intent, and the newest
// checkpoint's signature and root. An unreadable directory is an Error; a bad log is a report with valid == false.
Result<VerifyReport> verify_log(const std::string& directory);

}  // namespace agentos::recorder
