// SHA-256 of two messages at once: where the processor has instructions for it, each waits for its own last result, and
// a second message uses the time. Elsewhere it is two calls of sha256_fast(). Thread-safe.
#pragma once

#include <array>
#include <string_view>

#include "base/crypto/hash.h"

namespace agentos::crypto {

std::array<Digest, 2> sha256_pair(std::string_view first, std::string_view second);

// True when the processor's instructions are used.
bool sha256_pair_is_joint();

}  // namespace agentos::crypto
