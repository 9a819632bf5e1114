// The leaf encoder behind encode_leaf(), for a caller that learns the commitment only after the leaf's other octets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "lib/recorder/entry.h"

namespace agentos::recorder {

inline constexpr std::size_t kTextSizeMax = 1024;       // of one field's text between its quotes; longer is cut
inline constexpr std::size_t kCommitmentTextSize = 43;  // base64url of 32 octets
inline constexpr std::size_t kNoCommitment = ~std::size_t{0};
inline constexpr std::int64_t kIntegerMax = (std::int64_t{1} << 53) - 1;  // larger numbers are clamped to it

// What is kept of an entry's content: what the opening says, or all of it in a blob as well.
enum class Kept : std::uint8_t { kAsOpened, kWhole };

// Appends the leaf with the commitment's 43 characters unset and returns where in the leaf they belong, or
// kNoCommitment when the entry has no opening.
std::size_t encode_leaf_without_commitment(const Entry& entry, Kept kept, std::string& out);
// Writes the 43 characters at `place`.
void write_commitment(const crypto::Digest& commitment, char* place);

const Opening& opening_of(const Entry& entry);

}  // namespace agentos::recorder
