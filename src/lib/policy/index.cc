// Building the tables, hashing request values, and merging the sorted runs a request selects.
#include "lib/policy/index.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "lib/policy/expression.h"

namespace agentos::policy {
namespace {

constexpr std::uint64_t kSeed = 0x9e3779b97f4a7c15;
constexpr std::uint64_t kMultiplier = 0xd6e8feb86659fd93;

std::uint64_t mix(std::uint64_t h) {
  h *= kMultiplier;
  return h ^ (h >> 32);
}

template <class Integer>
std::uint64_t load(const char* from) {
  Integer value = 0;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// Eight octets at a time. Not secret: crafted collisions only cost candidates that are then refused.
std::uint64_t hash_text(std::string_view text) {
  std::uint64_t h = kSeed ^ text.size();
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left > 8; left -= 8, at += 8) h = mix(h ^ load<std::uint64_t>(at));
  // Loads that overlap cover what is left without a loop over octets.
  std::uint64_t tail = 0;
  if (text.size() >= 8) {
    tail = load<std::uint64_t>(text.data() + text.size() - 8);
  } else if (left >= 4) {
    tail = load<std::uint32_t>(at) | load<std::uint32_t>(at + left - 4) << 32;
  } else if (left > 0) {
    const auto octet = [&](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(at[i])}; };
    tail = octet(0) | octet(left / 2) << 8 | octet(left - 1) << 16;
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

std::uint64_t hash_integer(std::int64_t number) { return mix(mix(kSeed ^ static_cast<std::uint64_t>(number))); }

std::uint64_t combine(std::uint64_t tool, std::uint64_t value) { return mix((tool << 1) ^ value); }

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
  slots_.resize(std::bit_ceil(keys + keys / 2 + 1));
  positions_.reserve(added_.size());
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < added_.size();) {
    const std::uint64_t hash = added_[i].first;
    Slot slot{hash, static_cast<std::uint32_t>(positions_.size()), 0};
    for (; i < added_.size() && added_[i].first == hash; ++i, ++slot.count) positions_.push_back(added_[i].second);
    if (slot.count == 1) {
      slot.offset = positions_.back();
      positions_.pop_back();
    }
    std::size_t at = hash & mask;
    while (slots_[at].count != 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
  added_ = {};
}

PositionTable::Run PositionTable::find(std::uint64_t hash) const {
  if (slots_.empty()) return {};
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask; slots_[at].count != 0; at = (at + 1) & mask) {
    if (slots_[at].hash != hash) continue;
    const Slot& slot = slots_[at];
    const std::uint32_t* begin = slot.count == 1 ? &slot.offset : positions_.data() + slot.offset;
    return {begin, begin + slot.count};
  }
  return {};
}

bool NameTable::holds(const std::vector<Glob>& globs) {
  return !globs.empty() && std::ranges::none_of(globs, [](const Glob& glob) { return glob.prefix().empty(); });
}

void NameTable::add(const std::vector<Glob>& globs, std::uint32_t position) {
  for (const Glob& glob : globs) {
    if (glob.is_literal()) {
      exact_.add(hash_text(glob.pattern()), position);
      continue;
    }
    const std::string_view prefix = glob.prefix().substr(0, kPrefixMax);
    prefixes_.add(hash_text(prefix), position);
    beginnings_.set(static_cast<unsigned char>(prefix[0]));
    prefix_sizes_ |= 1u << prefix.size();
  }
}

void NameTable::build() {
  exact_.build();
  prefixes_.build();
}

template <class Visit>
void NameTable::each_run(std::string_view name, std::uint64_t hash, Visit visit) const {
  if (!exact_.empty()) visit(exact_.find(hash));
  if (name.empty() || !beginnings_.test(static_cast<unsigned char>(name[0]))) return;
  for (std::uint32_t sizes = prefix_sizes_; sizes != 0; sizes &= sizes - 1) {
    const std::size_t size = static_cast<std::size_t>(std::countr_zero(sizes));
    if (size > name.size()) break;
    visit(prefixes_.find(hash_text(name.substr(0, size))));
  }
}

// `exact`: an argument of another type is an error and an absent one is none, as in "arguments"; else an expression
// itself has to look at whatever is no text or integer.
bool CandidateIndex::hang_on_values(Bucket& bucket, const Rule& rule, std::uint32_t position, std::string_view argument,
                                    std::span<const std::string> texts, std::span<const std::int64_t> integers,
                                    bool exact) {
  const auto type = integers.empty() ? Condition::Type::kText : Condition::Type::kInteger;
  if (!integers.empty() && !texts.empty()) return false;
  const bool with_tool = all_literal(rule.tools);
  const std::size_t values = texts.size() + integers.size();
  if (values * std::max<std::size_t>(1, with_tool ? rule.tools.size() : 1) > kArgumentPairsMax) return false;
  auto table = std::ranges::find_if(bucket.arguments, [&](const ArgumentTable& one) {
    return one.name == argument && one.type == type && one.with_tool == with_tool;
  });
  if (table == bucket.arguments.end()) {
    if (bucket.arguments.size() == kArgumentTablesMax) return false;
    table = bucket.arguments.insert(table, {std::string(argument), type, with_tool, {}, {}, {}});
  }
  std::vector<std::uint64_t> tools;
  for (const Glob& tool : rule.tools) {
    if (with_tool) tools.push_back(hash_text(tool.pattern()));
  }
  if (!with_tool) tools.push_back(kSeed);
  for (std::uint64_t tool : tools) {
    for (const std::string& text : texts) table->by_value.add(combine(tool, hash_text(text)), position);
    for (std::int64_t number : integers) table->by_value.add(combine(tool, hash_integer(number)), position);
    (exact ? table->of_other_type : table->of_other).add(tool, position);
  }
  return true;
}

bool CandidateIndex::hang_on_argument(Bucket& bucket, const Rule& rule, std::uint32_t position) {
  const auto condition = std::ranges::find_if(rule.conditions, [](const Condition& one) {
    return one.op == Condition::Operator::kEquals || one.op == Condition::Operator::kIn;
  });
  if (condition != rule.conditions.end()) {
    return hang_on_values(bucket, rule, position, condition->argument, condition->texts, condition->integers, true);
  }
  if (rule.when == nullptr) return false;
  constexpr std::string_view kArguments = "args.";
  for (const Equality& equality : rule.when->equalities()) {
    const std::string_view path = equality.attribute;
    if (!path.starts_with(kArguments) || path.find('.', kArguments.size()) != path.npos) continue;
    if (hang_on_values(bucket, rule, position, path.substr(kArguments.size()), equality.texts, equality.integers,
                       false)) {
      return true;
    }
  }
  return false;
}

void CandidateIndex::hang(Bucket& bucket, const Rule& rule, const Agents& scope, std::uint32_t position) {
  if (hang_on_argument(bucket, rule, position)) return;
  if (NameTable::holds(rule.tools)) {
    bucket.tools.add(rule.tools, position);
  } else if (all_below_a_folder(rule.paths)) {
    for (const Glob& path : rule.paths) bucket.paths.add(hash_folder(path.folder()), position);
  } else if (NameTable::holds(rule.agents) || NameTable::holds(scope.names)) {
    bucket.agents.add(NameTable::holds(rule.agents) ? rule.agents : scope.names, position);
    bucket.by_agent.push_back(position);
  } else {
    bucket.rest.push_back(position);
  }
}

void CandidateIndex::build(const std::vector<Rule>& rules, const std::vector<const Agents*>& scopes) {
  for (std::uint32_t position = 0; position < rules.size(); ++position) {
    const Rule& rule = rules[position];
    const Agents& scope = *scopes[rule.document];
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
    for (ArgumentTable& table : bucket.arguments) {
      table.by_value.build();
      table.of_other_type.build();
      table.of_other.build();
    }
  };
  finish(any_call_);
  std::ranges::for_each(buckets_, finish);
}

Candidates::Candidates(const CandidateIndex& index, const Request& request)
    : tool_hash_(request.tool.empty() ? 0 : hash_text(request.tool)) {
  if (request.call < index.bucket_of_call_.size() && index.bucket_of_call_[request.call] >= 0) {
    add_bucket(index.buckets_[static_cast<std::size_t>(index.bucket_of_call_[request.call])], request);
  }
  add_bucket(index.any_call_, request);
}

void Candidates::add_bucket(const CandidateIndex::Bucket& bucket, const Request& request) {
  if (!bucket.rest.empty()) add({bucket.rest.data(), bucket.rest.data() + bucket.rest.size()});
  auto add_run = [this](PositionTable::Run run) { add(run); };
  if (request.arguments != nullptr) {
    for (const ArgumentTable& table : bucket.arguments) add_argument(table, request);
  }
  if (!bucket.tools.empty() && !request.tool.empty()) bucket.tools.each_run(request.tool, tool_hash_, add_run);
  if (!bucket.paths.empty()) {
    add_folders(bucket.paths, request.path);
    if (!request.path_to.empty()) add_folders(bucket.paths, request.path_to);
  }
  if (!request.principal.chain.empty()) {
    add({bucket.by_agent.data(), bucket.by_agent.data() + bucket.by_agent.size()});
  } else if (!bucket.agents.empty()) {
    const auto [agent, name] = std::pair(request.principal.agent, request.principal.name);
    bucket.agents.each_run(name, hash_text(name), add_run);
    if (agent != name) bucket.agents.each_run(agent, hash_text(agent), add_run);
  }
}

void Candidates::add_argument(const ArgumentTable& table, const Request& request) {
  if (table.with_tool && request.tool.empty()) return;
  const std::uint64_t tool = table.with_tool ? tool_hash_ : kSeed;
  const Arguments& arguments = *request.arguments;
  std::string_view text;
  std::int64_t number = 0;
  if (table.type == Condition::Type::kText && arguments.text(table.name, text)) {
    return add(table.by_value.find(combine(tool, hash_text(text))));
  }
  if (table.type == Condition::Type::kInteger && arguments.integer(table.name, number)) {
    return add(table.by_value.find(combine(tool, hash_integer(number))));
  }
  if (!table.of_other.empty()) add(table.of_other.find(tool));
  if (!table.of_other_type.empty() && arguments.present(table.name)) add(table.of_other_type.find(tool));
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
