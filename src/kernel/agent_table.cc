// Ids are never used twice while their agent can still be named.
#include "kernel/agent_table.h"

#include <algorithm>

namespace agentos::kernel {

Status AgentTable::add(const std::shared_ptr<Agent>& agent) {
  std::lock_guard lock(mutex_);
  if (static_cast<std::int64_t>(alive_.size()) >= alive_max_) {
    return fail(abi::error::busy, std::to_string(alive_.size()) + " agents are alive, the bound of this kernel");
  }
  if (agent->id.empty()) {
    do agent->id = agent->name + "-" + std::to_string(++minted_);
    while (alive_.contains(agent->id));
  } else if (alive_.contains(agent->id)) {
    return fail(abi::error::already_exists, "agent " + agent->id + " is already registered");
  }
  alive_.emplace(agent->id, agent);
  return {};
}

void AgentTable::remove(const std::shared_ptr<Agent>& agent) {
  std::lock_guard lock(mutex_);
  if (alive_.erase(agent->id) == 0) return;
  ended_.push_back(agent);
  if (ended_.size() > kEndedKept) ended_.pop_front();
}

std::shared_ptr<Agent> AgentTable::find(std::string_view id) const {
  std::lock_guard lock(mutex_);
  const auto found = alive_.find(std::string(id));
  if (found != alive_.end()) return found->second;
  const auto gone = std::find_if(ended_.rbegin(), ended_.rend(), [&](const auto& agent) { return agent->id == id; });
  return gone == ended_.rend() ? nullptr : *gone;
}

Result<std::shared_ptr<Agent>> AgentTable::find_one(std::string_view word) const {
  if (auto agent = find(word)) return agent;
  std::lock_guard lock(mutex_);
  std::shared_ptr<Agent> match;
  for (const auto& [id, agent] : alive_) {
    if (agent->name != word) continue;
    if (match != nullptr) {
      return fail(abi::error::no_such_agent, "several agents are named " + std::string(word), "name one by its id");
    }
    match = agent;
  }
  for (auto gone = ended_.rbegin(); match == nullptr && gone != ended_.rend(); ++gone) {
    if ((*gone)->name == word) match = *gone;
  }
  if (match == nullptr) {
    return fail(abi::error::no_such_agent, "no agent " + std::string(word.substr(0, 128)),
                "agentos ps --all lists them");
  }
  return match;
}

std::vector<std::shared_ptr<Agent>> AgentTable::alive() const {
  std::vector<std::shared_ptr<Agent>> out;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [id, agent] : alive_) out.push_back(agent);
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    return std::pair(a->started_us, a->id) < std::pair(b->started_us, b->id);
  });
  return out;
}

std::vector<std::shared_ptr<Agent>> AgentTable::ended() const {
  std::lock_guard lock(mutex_);
  return {ended_.begin(), ended_.end()};
}

std::size_t AgentTable::alive_count() const {
  std::lock_guard lock(mutex_);
  return alive_.size();
}

}  // namespace agentos::kernel
