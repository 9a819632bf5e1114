// An AES-256-CTR keystream that can be read at any block: the source of many short pseudorandom values from one key.
//
// Block i is octets [16 i, 16 i + 16) of the keystream whose first counter block is zero (NIST SP 800-38A, CTR with a
// 128-bit big-endian counter). One thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace agentos::crypto {

using KeystreamBlock = std::array<std::uint8_t, 16>;

class Keystream {
 public:
  explicit Keystream(std::span<const std::uint8_t, 32> key);
  ~Keystream();
  Keystream(const Keystream&) = delete;
  Keystream& operator=(const Keystream&) = delete;

  void rekey(std::span<const std::uint8_t, 32> key);
  // Fills `out` with blocks first, first + 1, ...
  void blocks(std::uint64_t first, std::span<KeystreamBlock> out);

 private:
  void* context_;
};

}  // namespace agentos::crypto
