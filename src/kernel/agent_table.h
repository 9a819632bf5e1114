// All agents: the living by id, and a bounded memory of the ones that have ended. Thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "abi/calls_operator.h"
#include "kernel/agent.h"

namespace agentos::kernel {

inline constexpr std::size_t kEndedKept = 256;

class AgentTable {
 public:
  explicit AgentTable(std::int64_t alive_max) : alive_max_(alive_max) {}

  // Mints an id from the name when agent->id is empty. already_exists for an id in use; busy when there are too many.
  Status add(const std::shared_ptr<Agent>& agent);
  // Moves it to the ended ones.
  void remove(const std::shared_ptr<Agent>& agent);
  std::shared_ptr<Agent> find(std::string_view id) const;  // alive or ended; null when neither
  // By id, or by a name only one living agent has, or else the agent that ended last with it.
  Result<std::shared_ptr<Agent>> find_one(std::string_view word) const;
  std::vector<std::shared_ptr<Agent>> alive() const;  // in order of their start
  std::vector<std::shared_ptr<Agent>> ended() const;
  std::size_t alive_count() const;

 private:
  const std::int64_t alive_max_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Agent>> alive_;
  std::deque<std::shared_ptr<Agent>> ended_;
  std::uint64_t minted_ = 0;
};

}  // namespace agentos::kernel
