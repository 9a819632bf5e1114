// What an agent without a parent and everything below it have in common: how many may be alive, what they did, and the
// information-flow labels they carry. One past for all of them, so that nobody does through a child what the rules
// would no longer allow itself.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "lib/policy/state/sequence.h"

namespace agentos::kernel {

inline constexpr int kFamilyMax = 1024;  // alive at once

// Thread-safe. Its past is kept as long as one of its members is alive.
class Family : public std::enable_shared_from_this<Family> {
 public:
  using Labels = std::shared_ptr<const std::vector<std::string>>;  // sorted; null: none
  using Pasts = std::vector<std::shared_ptr<policy::Histories>>;

  // `run`: of the agent without a parent; its past begins in each of `pasts`.
  static Result<std::shared_ptr<Family>> begin(Pasts pasts, std::string run);
  // A place in the family, given back when the returned object goes; null when it is as large as it may be.
  std::shared_ptr<void> take_place();

  // Room for one question of the egress proxy, given back in the same way; null when the family has `most` under way.
  std::shared_ptr<void> take_ask(std::size_t most);

  const std::string& run() const { return run_; }  // whose past is asked
  Labels labels() const;
  void add_labels(const std::vector<std::string>& labels);  // they only grow

 private:
  Family(Pasts pasts, std::string run) : pasts_(std::move(pasts)), run_(std::move(run)) {}
  void leave();

  const Pasts pasts_;
  const std::string run_;
  std::atomic<int> alive_{0};
  std::atomic<std::size_t> asks_{0};
  std::atomic<bool> labelled_{false};  // so that who has no labels takes no lock
  mutable std::mutex mutex_;
  Labels labels_;  // under mutex_
};

}  // namespace agentos::kernel
