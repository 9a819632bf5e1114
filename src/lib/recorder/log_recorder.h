// The recorder over a given disk: what Recorder::open() does on the real one.
#pragma once

#include <functional>
#include <memory>

#include "lib/recorder/disk.h"
#include "lib/recorder/log_writer.h"
#include "lib/recorder/recorder.h"

namespace agentos::recorder {

inline constexpr std::int64_t kRetryMs = 200;                 // between attempts while the disk fails
inline constexpr std::size_t kEagerCommitBytes = 512 * 1024;  // a batch this large does not wait for the interval
inline constexpr std::size_t kSmallFlightBytes = 64 * 1024;   // written by the writer thread itself
inline constexpr std::size_t kQueueBytesMin = 256 * 1024;

// Makes the signer once the directory is locked.
using MakeSigner = std::function<Result<std::unique_ptr<CheckpointSigner>>(const Options& options)>;

// `disk` must outlive it. Without `make_signer` the keys are in this process; Options::signer_program does not count.
Result<std::unique_ptr<Recorder>> open_recorder(Options options, Clock& clock, Random& random, Disk& disk,
                                                Preparation preparation, const MakeSigner& make_signer = nullptr);

}  // namespace agentos::recorder
