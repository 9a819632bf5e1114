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

// What a verifier knows from before, and from elsewhere. Each may be empty; docs say what each can show.
struct Anchors {
  std::string log_key;                    // the content of log.pub as it was remembered
  std::string seal_key;                   // the same of seal.pub
  std::string checkpoint;                 // a signed checkpoint that was seen earlier
  std::vector<std::string> witness_keys;  // verifier keys of trusted witnesses (C2SP tlog-cosignature)
  std::size_t witnesses_min = 0;          // so many of them must have cosigned
};

struct VerifyReport {
  bool valid = false;
  std::uint64_t entries = 0;
  std::uint64_t segments = 0;
  std::uint64_t bytes = 0;
  std::uint64_t openings = 0;
  std::uint64_t blobs = 0;            // whole content that is there and is what it should be
  std::string root;                   // base64 root hash over `entries`
  std::uint64_t checkpoint_size = 0;  // tree size of the newest signed checkpoint that was checked; 0: none
  std::uint64_t intents = 0, outcomes = 0, refused = 0, events = 0, unknown = 0, open_intents = 0;
  std::uint64_t seals = 0, epoch = 0;  // of the forward-secure chain; epoch that signed the checkpoint
  bool sealed = false;                 // false: a log without seals (made before there were any)
  std::uint64_t tiles = 0;             // files below tile/ that were compared
  std::uint64_t recoveries = 0;        // openings that found the log not closed
  Index recovery_at = kNoIndex;        // the entry that tells of the newest
  std::string recovery;                // what it says: FORMAT.md ("recovered"); empty when it was erased or withheld
  std::vector<std::string> cosigners;  // trusted witnesses that cosigned
  std::string kind;                    // first problem: a word of FORMAT.md ("Findings")
  std::string problem;                 // what
  std::string position;                // where: "segment-….log offset 4711 (entry 12)"
};

// Recomputes every frame, commitment, leaf and root, checks each outcome against its intent, and the newest
// checkpoint's signature and root. An unreadable directory is an Error; a bad log is a report with valid == false.
Result<VerifyReport> verify_log(const std::string& directory, const Anchors& anchors = {});

}  // namespace agentos::recorder
