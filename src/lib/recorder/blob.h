// Content that is too long for an opening, kept whole by its digest: `blob/<2 hex>/<64 hex>`, named by its SHA-256.
//
// Opt-in (Options::content). A blob is on disk before the entry whose opening names it; equal content is kept once.
// Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/crypto/hash.h"
#include "lib/recorder/disk.h"

namespace agentos::recorder {

inline constexpr std::size_t kBlobSizeMax = 64 << 20;

std::string blob_name(const crypto::Digest& digest);  // "blob/ab/ab..."

Status put_blob(Disk& disk, const std::string& directory, std::string_view content);  // kTooLarge
// kNotFound; kCorrupt when the content is not what its name says.
Result<std::string> read_blob(Disk& disk, const std::string& directory, const crypto::Digest& digest);
// The digest of the blob an opening names, when it is one that stands for longer content.
std::optional<crypto::Digest> blob_named_by(std::string_view opening);
// Overwrites and removes it; one that is not there is fine.
Status erase_blob(Disk& disk, const std::string& directory, const crypto::Digest& digest);

}  // namespace agentos::recorder
