// A recorded call decided again by other documents, as far as the record says what it was.
//
// Fed with entries in order: agents, the handles they opened, and their calls. What a decision would need and the
// record does not have is noticed by what the rules ask for, so that "the same" and "changed" are said of what is known
// only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/value.h"
#include "lib/policy/tools/set.h"
#include "lib/recorder/reader.h"

namespace agentos::cli {

struct BacktestChange {
  recorder::Index index = 0;
  std::int64_t time_us = 0;
  std::string agent, call, tool, about;
  std::string old_verdict, old_rule, new_verdict, new_rule, new_reason;
  std::uint64_t count = 1;
};

struct BacktestCounts {
  std::uint64_t calls = 0;      // of agents that policy decided, refusals with their counts
  std::uint64_t redecided = 0;  // = same + changed
  std::uint64_t same = 0, changed = 0;
  std::map<std::string, std::uint64_t> changes;        // "allow -> deny"
  std::map<std::string, std::uint64_t> not_redecided;  // by what the record lacks
  std::uint64_t not_by_policy = 0;                     // refused at another step
};

class Backtest {
 public:
  using Each = std::function<void(const BacktestChange&)>;
  Backtest(const policy::tools::PolicySet& set, std::string only_agent, Each each)
      : set_(set), only_agent_(std::move(only_agent)), each_(std::move(each)) {}
  void add(const recorder::StoredEntry& entry);
  const BacktestCounts& counts() const { return counts_; }

 private:
  static constexpr std::size_t kAgentsMax = 100'000;
  static constexpr std::size_t kOpensMax = 65'536;
  struct Agent {
    std::string name, parent;
    std::int64_t ring = 3;
    json::Array labels;
    std::map<std::int64_t, std::string> handles;  // what each stands for
  };
  struct Content;

  void begin(const json::Value& leaf, const json::Value& opening);
  void intent(const recorder::StoredEntry& entry, const json::Value& leaf, const json::Value& opening);
  void outcome(const json::Value& leaf, const json::Value& opening);
  void refused(const recorder::StoredEntry& entry, const json::Value& leaf, const json::Value& opening);
  void decide(const recorder::StoredEntry& entry, const json::Value& leaf, const json::Value& opening,
              std::string_view old_verdict);
  json::Value stated(const json::Value& leaf, const Content& content);
  json::Array chain_of(std::string_view agent) const;

  const policy::tools::PolicySet& set_;
  const std::string only_agent_;
  const Each each_;
  std::map<std::string, Agent, std::less<>> agents_;
  std::map<recorder::Index, std::pair<std::string, std::string>> opens_;  // intent of an open: agent, path
  BacktestCounts counts_;
};

}  // namespace agentos::cli
