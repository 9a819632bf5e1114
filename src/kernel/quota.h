// Quota: what an agent and everything it started may use up, and what they have used. A chain of nodes, child to
// parent.
//
// reserve() takes from every node up the chain or from none; release() gives back what a call that never acted had
// reserved; settle() adds what was found out while acting. Lock-free; any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "abi/calls_process.h"
#include "abi/calls_self.h"
#include "base/error.h"

namespace agentos::kernel {

class Quota {
 public:
  enum Resource : std::uint8_t { kCalls, kBytes, kTokens, kMoney, kTime, kConcurrency, kResourceCount };
  static constexpr std::int64_t kUnlimited = INT64_MAX;
  static constexpr std::int64_t kConcurrencyDefault = 256;

  explicit Quota(const abi::Budget& budget, std::shared_ptr<Quota> parent = nullptr);

  // One call of `bytes` octets: calls, bytes and concurrency. quota_exceeded names the resource and whose it is.
  Status reserve(std::int64_t bytes);
  void release(std::int64_t bytes);                     // the call never acted
  void settle(std::int64_t extra_bytes);                // the call is over
  Status take(Resource resource, std::int64_t amount);  // tokens, money; all or nothing
  void give(Resource resource, std::int64_t amount);

  std::int64_t limit(Resource resource) const { return limit_[resource]; }  // own
  std::int64_t used(Resource resource) const { return used_[resource].load(std::memory_order_relaxed); }
  std::int64_t available(Resource resource) const;  // least along the chain
  abi::Budget limits() const;
  abi::Usage usage() const;

 private:
  bool add(Resource resource, std::int64_t amount);
  std::array<std::int64_t, kResourceCount> limit_{};
  std::array<std::atomic<std::int64_t>, kResourceCount> used_{};
  std::shared_ptr<Quota> parent_;
};

}  // namespace agentos::kernel
