// Reading and verifying over a given disk: what read_log() and verify_log() do on the real one.
#pragma once

#include "lib/recorder/disk.h"
#include "lib/recorder/format.h"
#include "lib/recorder/reader.h"

namespace agentos::recorder {

Status read_log_on(Disk& disk, const std::string& directory, const ReadFilter& filter,
                   const std::function<bool(const StoredEntry&)>& each);
// A frame whose leaf is whole, with its opening checked against the leaf's commitment.
StoredEntry entry_of(const Frame& frame);
Result<VerifyReport> verify_log_on(Disk& disk, const std::string& directory, const Anchors& anchors = {});

}  // namespace agentos::recorder
