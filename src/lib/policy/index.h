// From a request to the rules that could apply, so that rules that cannot match cost nothing.
//
// Every rule hangs, under each of its calls, on the most selective literal it has: its tools, else the folders of its
// paths, else its agents, else its document's agents; rules without one form a short list. Keys are 64-bit hashes: a
// collision only adds a candidate, which match() refuses. Candidates come in rule order, each once.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "lib/policy/document.h"
#include "lib/policy/limits.h"

namespace agentos::policy {

// Hash to a run of rule positions. Open addressing, at most half full, immutable once built.
class PositionTable {
 public:
  struct Run {
    const std::uint32_t* begin = nullptr;
    const std::uint32_t* end = nullptr;
  };
  void add(std::uint64_t hash, std::uint32_t position);  // positions ascend
  void build();
  bool empty() const { return slots_.empty(); }
  Run find(std::uint64_t hash) const;

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t offset = 0;
    std::uint32_t count = 0;  // 0: free
  };
  std::vector<std::pair<std::uint64_t, std::uint32_t>> added_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> positions_;
};

class CandidateIndex {
 public:
  // `rules` in deciding order; scopes[rule.document] are the agents of its document.
  void build(const std::vector<Rule>& rules, const std::vector<std::vector<Glob>>& scopes);

 private:
  friend class Candidates;
  struct Bucket {
    std::vector<std::uint32_t> rest;
    PositionTable tools;
    PositionTable paths;
    PositionTable agents;
  };
  static void hang(Bucket& bucket, const Rule& rule, const std::vector<Glob>& scope, std::uint32_t position);

  std::vector<std::int32_t> bucket_of_call_;  // -1: only the rules for any call
  std::vector<Bucket> buckets_;
  Bucket any_call_;
};

// The candidates of one request, in order. Lives on the stack of one decision.
class Candidates {
 public:
  static constexpr std::uint32_t kEnd = 0xffffffff;
  Candidates(const CandidateIndex& index, const Request& request);
  // The next position at or after `floor`.
  std::uint32_t next(std::uint32_t floor);

 private:
  // A request has at most two buckets of: the rest, one tool, the folders of two paths, two agent names.
  static constexpr std::size_t kRunsMax = 2 * (1 + 1 + 2 * kPathDepthMax + 2);
  void add(PositionTable::Run run) {
    if (run.begin != run.end) runs_[count_++] = run;
  }
  void add_bucket(const CandidateIndex::Bucket& bucket, const Request& request);
  void add_folders(const PositionTable& table, std::string_view path);

  std::size_t count_ = 0;
  union {
    std::array<PositionTable::Run, kRunsMax> runs_;  // only the first count_ are ever read or written
  };
};

}  // namespace agentos::policy
