// Scratch: where an evaluation puts what it makes, and the account of what it may use up.
//
// A bump arena that keeps its memory: after the first evaluations nothing is allocated any more. Used by one thread at
// a time. Everything in it lives until reset(). Beyond its limits allocate() gives nullptr and take_steps() false, and
// the evaluation becomes an error value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "lib/policy/cel/limits.h"
#include "lib/policy/cel/value.h"

namespace agentos::cel {

class Scratch {
 public:
  explicit Scratch(EvaluationLimits limits = {});

  // Forgets all values and refills the budget; memory is kept.
  void reset();
  void set_limits(EvaluationLimits limits);  // takes effect at the next reset()

  // `size` bytes aligned for any value, or nullptr beyond scratch_bytes_max.
  void* allocate(std::size_t size);
  template <class T>
  T* make(T object);  // nullptr beyond the limit; T is destroyed by nobody, so it must be trivial
  template <class T>
  std::span<T> make_array(std::size_t count);  // value-initialised; empty span with nullptr data beyond the limit
  bool take_steps(std::uint64_t steps);        // false once the budget is used up
  // Whether a limit was passed since the last reset(): no result made since then means anything.
  bool is_exhausted() const { return exhausted_ != Limit::kNone; }
  std::string_view exhausted_limit() const;  // "cost limit exceeded" or "memory limit exceeded"
  // What functions of a host ask beside their arguments; set by whoever evaluates, null otherwise.
  void set_host(void* host) { host_ = host; }
  void* host() const { return host_; }

  // Values for hosts: each copies what it is given, and is an error value beyond the limit.
  Value string(std::string_view utf8);
  Value bytes(std::string_view octets);
  Value list(std::span<const Value> elements);
  Value map(std::span<const MapEntry> entries);  // an error value when a key is there twice or cannot be a key
  Value optional(const Value& value);
  Value ip(const Address& address);
  Value cidr(const Network& network);
  Value error(std::string_view message, std::uint32_t line = 0, std::uint32_t column = 0);

 private:
  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;
  };
  enum class Limit : std::uint8_t { kNone, kSteps, kMemory };
  void* allocate_in_next_block(std::size_t size);
  void exhaust(Limit limit);

  std::byte* free_ = nullptr;
  std::byte* end_ = nullptr;
  std::size_t block_ = 0;  // blocks before this one are full
  std::size_t used_ = 0;   // bytes given out in full blocks
  std::uint64_t steps_left_ = 0;
  Limit exhausted_ = Limit::kNone;
  EvaluationLimits limits_;
  std::vector<Block> blocks_;
  void* host_ = nullptr;
};

inline void* Scratch::allocate(std::size_t size) {
  size = ((size | 1) + 15) & ~std::size_t{15};  // also nothing has a place
  if (size > static_cast<std::size_t>(end_ - free_)) [[unlikely]]
    return allocate_in_next_block(size);
  void* place = free_;
  free_ += size;
  return place;
}

inline bool Scratch::take_steps(std::uint64_t steps) {
  if (steps > steps_left_) [[unlikely]] {
    exhaust(Limit::kSteps);
    return false;
  }
  steps_left_ -= steps;
  return true;
}

template <class T>
T* Scratch::make(T object) {
  static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= 16);
  void* place = allocate(sizeof(T));
  return place == nullptr ? nullptr : new (place) T(object);
}

template <class T>
std::span<T> Scratch::make_array(std::size_t count) {
  static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= 16);
  constexpr std::size_t kSize = sizeof(T);  // NOLINT(bugprone-sizeof-expression): T may be a pointer
  if (count > limits_.scratch_bytes_max / kSize) {
    exhaust(Limit::kMemory);
    return {};
  }
  T* first = static_cast<T*>(allocate(count * kSize));
  if (first == nullptr) return {};
  for (std::size_t i = 0; i < count; ++i) new (static_cast<void*>(first + i)) T();
  return {first, count};
}

}  // namespace agentos::cel
