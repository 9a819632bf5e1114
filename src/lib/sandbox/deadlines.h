// The next moment at which each of many must be looked at; one moment a number, the earliest that was asked for.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace agentos::sandbox {

class Deadlines {
 public:
  using Time = std::chrono::steady_clock::time_point;

  void set(std::uint64_t id, Time when) {
    const auto [at, added] = when_.try_emplace(id, when);
    if (!added && at->second <= when) return;
    if (!added) ordered_.erase({at->second, id});
    at->second = when;
    ordered_.emplace(when, id);
  }

  void forget(std::uint64_t id) {
    const auto at = when_.find(id);
    if (at == when_.end()) return;
    ordered_.erase({at->second, id});
    when_.erase(at);
  }

  std::optional<Time> next() const {
    if (ordered_.empty()) return std::nullopt;
    return ordered_.begin()->first;
  }

  // Whose moment has come; they are forgotten.
  std::vector<std::uint64_t> take_due(Time now) {
    std::vector<std::uint64_t> due;
    while (!ordered_.empty() && ordered_.begin()->first <= now) {
      due.push_back(ordered_.begin()->second);
      when_.erase(due.back());
      ordered_.erase(ordered_.begin());
    }
    return due;
  }

 private:
  std::map<std::uint64_t, Time> when_;
  std::set<std::pair<Time, std::uint64_t>> ordered_;
};

}  // namespace agentos::sandbox
