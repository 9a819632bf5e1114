// SHA-256 of short contiguous messages with the least overhead: no context is fetched, allocated or reset.
//
// For the log, where several digests of a few blocks are made for every entry and the generic interface would cost
// as much as the hashing itself. Thread-safe.
#pragma once

#include <string_view>

#include "base/crypto/hash.h"

namespace agentos::crypto {

Digest sha256_fast(std::string_view content);

}  // namespace agentos::crypto
