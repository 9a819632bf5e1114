// Randomness as a constructor argument: the operating system's, or a seeded one for tests.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace agentos {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::byte> out) = 0;  // thread-safe; never fails (a failing source is a CHECK)
};

class SystemRandom final : public Random {
 public:
  void fill(std::span<std::byte> out) override;  // getrandom(2)
};

class SeededRandom final : public Random {  // splitmix64; not thread-safe; never for keys
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  void fill(std::span<std::byte> out) override;

 private:
  std::uint64_t state_;
};

// `size` random octets as lower-case hex, for names: random_hex(r, 8) has 16 characters.
std::string random_hex(Random& random, std::size_t size);

}  // namespace agentos
