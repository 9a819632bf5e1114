// Building the tables, hashing request values, and merging the sorted runs a request selects.
#include "lib/policy/index.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace agentos::policy {
namespace {

constexpr std::uint64_t kSeed = 0x9e3779b97f4a7c15;
constexpr std::uint64_t kMultiplier = 0xd6e8feb86659fd93;

std::uint64_t mix(std::uint64_t h) {
  h *= kMultiplier;
  return h ^ (h >> 32);
}

// Eight octets at a time. Not secret: crafted collisions only cost candidates that are then refused.
std::uint64_t hash_text(std::string_view text) {
  std::uint64_t h = kSeed ^ text.size();
  while (text.size() >= 8) {
    std::uint64_t chunk = 0;
    std::memcpy(&chunk, text.data(), 8);
    h = mix(h ^ chunk);
    text.remove_prefix(8);
  }
  std::uint64_t tail = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    tail |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[i])) << (8 * i);
  }
  return mix(mix(h ^ tail));
}

// Calls `visit` with the hash of each folder of a canonical path, outermost first, the path itself last.
template <class Visit>
void each_folder(std::string_view path, Visit visit) {
  if (path.size() < 2 || path[0] != '/') return;
  std::uint64_t h = kSeed;
  std::size_t depth = 0;
  for (std::size_t at = 1; at <= path.size() && depth < kPathDepthMax; ++depth) {
    std::size_t end = std::min(path.find('/', at), path.size());
    h = mix((h << 1) ^ hash_text(path.substr(at, end - at)));
    visit(h);
    at = end + 1;
  }
}

std::uint64_t hash_folder(std::string_view folder) {
  std::uint64_t last = 0;
  each_folder(folder, [&](std::uint64_t h) { last = h; });
  return last;
}

bool all_literal(const std::vector<Glob>& globs) {
  return !globs.empty() && std::ranges::all_of(globs, [](const Glob& glob) { return glob.is_literal(); });
}

bool all_below_a_folder(const std::vector<Glob>& globs) {
  return !globs.empty() && std::ranges::none_of(globs, [](const Glob& glob) { return glob.folder().empty(); });
}

}  // namespace

void PositionTable::add(std::uint64_t hash, std::uint32_t position) { added_.emplace_back(hash, position); }

void PositionTable::build() {
  if (added_.empty()) return;
  std::ranges::sort(added_);
  added_.erase(std::ranges::unique(added_).begin(), added_.end());
  std::size_t keys = 1;
  for (std::size_t i = 1; i < added_.size(); ++i) keys += added_[i].first != added_[i - 1].first ? 1 : 0;
  slots_.resize(std::bit_ceil(keys * 2));
  positions_.reserve(added_.size());
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < added_.size();) {
    const std::uint64_t hash = added_[i].first;
    Slot slot{hash, static_cast<std::uint32_t>(positions_.size()), 0};
    for (; i < added_.size() && added_[i].first == hash; ++i, ++slot.count) positions_.push_back(added_[i].second);
    std::size_t at = hash & mask;
    while (slots_[at].count != 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
  added_ = {};
}

PositionTable::Run PositionTable::find(std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask; slots_[at].count != 0; at = (at + 1) & mask) {
    if (slots_[at].hash != hash) continue;
    const std::uint32_t* begin = positions_.data() + slots_[at].offset;
    return {begin, begin + slots_[at].count};
  }
  return {};
}

void CandidateIndex::hang(Bucket& bucket, const Rule& rule, const std::vector<Glob>& scope, std::uint32_t position) {
  if (all_literal(rule.tools)) {
    for (const Glob& tool : rule.tools) bucket.tools.add(hash_text(tool.pattern()), position);
  } else if (all_below_a_folder(rule.paths)) {
    for (const Glob& path : rule.paths) bucket.paths.add(hash_folder(path.folder()), position);
  } else if (all_literal(rule.agents)) {
    for (const Glob& agent : rule.agents) bucket.agents.add(hash_text(agent.pattern()), position);
  } else if (all_literal(scope)) {
    for (const Glob& agent : scope) bucket.agents.add(hash_text(agent.pattern()), position);
  } else {
    bucket.rest.push_back(position);
  }
}

void CandidateIndex::build(const std::vector<Rule>& rules, const std::vector<std::vector<Glob>>& scopes) {
  for (std::uint32_t position = 0; position < rules.size(); ++position) {
    const Rule& rule = rules[position];
    const std::vector<Glob>& scope = scopes[rule.document];
    if (rule.any_call) {
      hang(any_call_, rule, scope, position);
      continue;
    }
    for (std::uint16_t call : rule.calls) {
      if (call >= bucket_of_call_.size()) bucket_of_call_.resize(call + 1u, -1);
      if (bucket_of_call_[call] < 0) {
        bucket_of_call_[call] = static_cast<std::int32_t>(buckets_.size());
        buckets_.emplace_back();
      }
      hang(buckets_[static_cast<std::size_t>(bucket_of_call_[call])], rule, scope, position);
    }
  }
  auto finish = [](Bucket& bucket) {
    bucket.tools.build();
    bucket.paths.build();
    bucket.agents.build();
  };
  finish(any_call_);
  std::ranges::for_each(buckets_, finish);
}

Candidates::Candidates(const CandidateIndex& index, const Request& request) {
  if (request.call < index.bucket_of_call_.size() && index.bucket_of_call_[request.call] >= 0) {
    add_bucket(index.buckets_[static_cast<std::size_t>(index.bucket_of_call_[request.call])], request);
  }
  add_bucket(index.any_call_, request);
}

void Candidates::add_bucket(const CandidateIndex::Bucket& bucket, const Request& request) {
  if (!bucket.rest.empty()) add({bucket.rest.data(), bucket.rest.data() + bucket.rest.size()});
  if (!bucket.tools.empty() && !request.tool.empty()) add(bucket.tools.find(hash_text(request.tool)));
  if (!bucket.paths.empty()) {
    add_folders(bucket.paths, request.path);
    if (!request.path_to.empty()) add_folders(bucket.paths, request.path_to);
  }
  if (!bucket.agents.empty()) {
    add(bucket.agents.find(hash_text(request.principal.name)));
    if (request.principal.agent != request.principal.name) {
      add(bucket.agents.find(hash_text(request.principal.agent)));
    }
  }
}

void Candidates::add_folders(const PositionTable& table, std::string_view path) {
  each_folder(path, [&](std::uint64_t hash) { add(table.find(hash)); });
}

std::uint32_t Candidates::next(std::uint32_t floor) {
  std::uint32_t least = kEnd;
  for (std::size_t i = 0; i < count_;) {
    PositionTable::Run& run = runs_[i];
    // Mostly the front is already there or one step away; a skipped document is a binary search.
    if (run.begin != run.end && *run.begin < floor) ++run.begin;
    if (run.begin != run.end && *run.begin < floor) run.begin = std::lower_bound(run.begin, run.end, floor);
    if (run.begin == run.end) {
      run = runs_[--count_];
      continue;
    }
    least = std::min(least, *run.begin);
    ++i;
  }
  return least;
}

}  // namespace agentos::policy
