// The recorder over a given disk: what Recorder::open() does on the real one.
#pragma once

#include <memory>

#include "lib/recorder/disk.h"
#include "lib/recorder/log_writer.h"
#include "lib/recorder/recorder.h"

namespace agentos::recorder {

inline constexpr std::int64_t kRetryMs = 200;                 // between attempts while the disk fails
inline constexpr std::int64_t kCheckpointIntervalMs = 1000;   // at most one checkpoint in this time while appending
inline constexpr std::size_t kEagerCommitBytes = 512 * 1024;  // a batch this large does not wait for the interval
inline constexpr std::size_t kSmallFlightBytes = 64 * 1024;   // written by the writer thread itself
inline constexpr std::size_t kQueueBytesMin = 256 * 1024;

// `disk` must outlive it.
Result<std::unique_ptr<Recorder>> open_recorder(Options options, Clock& clock, Random& random, Disk& disk,
                                                Preparation preparation);

}  // namespace agentos::recorder
