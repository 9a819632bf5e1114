// A bound of octets that several holders share. All or nothing; any thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace agentos {

class Pool {
 public:
  explicit Pool(std::int64_t bytes_max) : left_(bytes_max) {}
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // False, and nothing is taken, when there are not so many left.
  bool take(std::int64_t bytes) {
    std::int64_t left = left_.load(std::memory_order_relaxed);
    do {
      if (bytes > left) return false;
    } while (!left_.compare_exchange_weak(left, left - bytes, std::memory_order_relaxed));
    return true;
  }
  void give(std::int64_t bytes) { left_.fetch_add(bytes, std::memory_order_relaxed); }
  std::int64_t left() const { return left_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> left_;
};

}  // namespace agentos
