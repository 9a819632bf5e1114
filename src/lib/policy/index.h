// From a request to the rules that could apply, so that rules that cannot match cost nothing.
//
// Every rule hangs, under each of its calls, on the most selective literal it has: an argument's values, which a
// condition or an equality of its expression names (with its tools, when those are literal), else its tools, else the
// folders of its paths, else its agents, else its document's agents; name globs hang on what they begin with. Rules
// without any form a short list. Keys are 64-bit hashes: a collision only adds a candidate, which match() refuses.
// Candidates come in rule order, each once.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <span>
#include <vector>

#include "lib/policy/document.h"
#include "lib/policy/limits.h"

namespace agentos::policy {

// Hash to a run of rule positions. Open addressing, at most two thirds full, immutable once built.
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
    std::uint32_t offset = 0;  // in positions_; of one position that itself, which saves a walk to memory
    std::uint32_t count = 0;   // 0: free
  };
  std::vector<std::pair<std::uint64_t, std::uint32_t>> added_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> positions_;
};

// Name globs by exact text or by what they begin with, cut to kPrefixMax octets.
class NameTable {
 public:
  static constexpr std::size_t kPrefixMax = 16;
  // False, and nothing added, when one of the globs begins with a wildcard.
  static bool holds(const std::vector<Glob>& globs);
  void add(const std::vector<Glob>& globs, std::uint32_t position);
  void build();
  bool empty() const { return exact_.empty() && prefixes_.empty(); }
  template <class Visit>
  void each_run(std::string_view name, std::uint64_t hash, Visit visit) const;  // of the name

 private:
  PositionTable exact_;
  PositionTable prefixes_;
  std::uint32_t prefix_sizes_ = 0;  // bit n: some prefix has n octets
  std::bitset<256> beginnings_;     // first octets of prefixes, so that most names are looked up no further
};

// The rules that compare one argument, by equals or in, with values of one type.
struct ArgumentTable {
  std::string name;
  Condition::Type type = Condition::Type::kText;
  bool with_tool = false;  // keys combine the tool and the value
  PositionTable by_value;
  PositionTable of_other_type;  // by tool: those to look at when the argument has another type
  PositionTable of_other;       // by tool: those to look at when it has another type or is absent
};

class CandidateIndex {
 public:
  // `rules` in deciding order; scopes[rule.document] are the agents of its document.
  void build(const std::vector<Rule>& rules, const std::vector<const Agents*>& scopes);

 private:
  friend class Candidates;  // reads the buckets
  struct Bucket {
    std::vector<std::uint32_t> rest;
    std::vector<ArgumentTable> arguments;  // at most kArgumentTablesMax
    NameTable tools;
    PositionTable paths;
    NameTable agents;
    std::vector<std::uint32_t> by_agent;  // all that hang on agents: for who has ancestors, whose names count too
  };
  static constexpr std::size_t kArgumentTablesMax = 8;
  // A rule with more (tool, value) pairs than this hangs on its tools instead.
  static constexpr std::size_t kArgumentPairsMax = 256;
  static bool hang_on_argument(Bucket& bucket, const Rule& rule, std::uint32_t position);
  static bool hang_on_values(Bucket& bucket, const Rule& rule, std::uint32_t position, std::string_view argument,
                             std::span<const std::string> texts, std::span<const std::int64_t> integers, bool exact);
  static void hang(Bucket& bucket, const Rule& rule, const Agents& scope, std::uint32_t position);

  std::vector<std::int32_t> bucket_of_call_;  // -1: only the rules for any call
  std::vector<Bucket> buckets_;
  Bucket any_call_;
};

// The candidates of one request, in order. Lives on the stack of one decision.
class Candidates {
 public:
  static constexpr std::uint32_t kEnd = 0xffffffff;
  Candidates(const CandidateIndex& index, const Request& request);
  Candidates(const Candidates&) = delete;  // too large to copy in a decision
  Candidates& operator=(const Candidates&) = delete;
  // The next position at or after `floor`.
  std::uint32_t next(std::uint32_t floor);

 private:
  // A request has at most two buckets of: the rest, the argument tables, a tool and its beginnings, the folders of two
  // paths, two agent names and their beginnings.
  static constexpr std::size_t kRunsOfName = 1 + NameTable::kPrefixMax;
  static constexpr std::size_t kRunsMax =
      2 * (1 + 2 * CandidateIndex::kArgumentTablesMax + kRunsOfName + 2 * kPathDepthMax + 2 * kRunsOfName);
  void add(PositionTable::Run run) {
    if (run.begin != run.end) runs_[count_++] = run;
  }
  void add_bucket(const CandidateIndex::Bucket& bucket, const Request& request);
  void add_argument(const ArgumentTable& table, const Request& request);
  void add_folders(const PositionTable& table, std::string_view path);

  const std::uint64_t tool_hash_;  // of the request's tool when it has one
  std::size_t count_ = 0;
  union {
    std::array<PositionTable::Run, kRunsMax> runs_;  // only the first count_ are ever read or written
  };
};

}  // namespace agentos::policy
