// From the files of a directory to the state a writer goes on from; repairs only what a power failure explains.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "lib/recorder/checkpoint_signer.h"
#include "lib/recorder/disk.h"
#include "lib/recorder/merkle.h"
#include "lib/recorder/note.h"
#include "lib/recorder/open_intents.h"
#include "lib/recorder/segment_reader.h"

namespace agentos::recorder {

inline constexpr std::string_view kSignerName = "log.key";
inline constexpr std::string_view kVerifierName = "log.pub";
inline constexpr std::string_view kCheckpointName = "checkpoint";
inline constexpr std::string_view kPrunedName = "pruned";
inline constexpr std::string_view kCosignedName = "cosigned";  // the newest checkpoint that witnesses signed too
inline constexpr std::string_view kLockName = "lock";

// The verifier key and the newest checkpoint of `directory`; an empty one is signed when the directory is new. kCorrupt
// when parts of an existing log are missing or do not belong together. The signer has made or checked the keys.
struct LogIdentity {
  NoteVerifier verifier;
  Checkpoint checkpoint;
};
Result<LogIdentity> open_identity(Disk& disk, const std::string& directory, CheckpointSigner& signer);

struct StoredSegment {
  std::string name;
  Index first = 0;
  std::uint64_t size = 0;
};

// A tail that was cut: what a power failure left of entries nobody was told were durable.
struct TornTail {
  std::string segment;
  std::uint64_t offset = 0;
  std::uint64_t octets = 0;
};

struct LogState {
  std::deque<StoredSegment> segments;  // oldest first; the last is the one written to
  std::unique_ptr<DiskFile> file;      // of the last segment; null for a new log
  std::uint64_t offset = 0;            // where its next frame goes
  std::uint64_t capacity = 0;
  std::uint32_t version = kFormatVersion;  // of the last segment
  Frontier frontier;
  OpenIntents external;  // allowed external intents without an outcome
  std::optional<TornTail> torn;
};

// Checks the last segment frame by frame and against the checkpoint, cuts its torn tail and makes the rest durable.
// kCorrupt names file and offset of damage that no power failure explains.
Result<LogState> recover(Disk& disk, const std::string& directory, const Checkpoint& checkpoint);

}  // namespace agentos::recorder
