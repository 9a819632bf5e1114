// Story: the log as agents, what they called, what was decided and how it ended. What `log timeline`, the HTML report
// and the export of spans are made from.
//
// Fed with entries in order. Bounds: kItemsMax calls and events, kAgentsMax agents; what comes after them is counted.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/value.h"
#include "lib/recorder/reader.h"

namespace agentos::cli {

struct StoryCall {
  recorder::Index index = 0;  // of the intent or the refusal
  std::int64_t time_us = 0;
  std::string call, tool, what;  // `what`: path, target, program
  std::string effect;
  std::string verdict;  // allow, ask, deny (by policy), refused (at another step)
  std::string step, rule, reason;
  std::string approval, trace;
  std::uint64_t policy_epoch = 0;
  std::string status;  // of the outcome; empty: there is none (yet)
  std::int64_t code = 0, bytes = 0, duration_us = 0, exit_status = -1;
  std::uint64_t count = 1;  // refusals this one stands for
  std::string error;        // of an outcome that is one
};

struct StoryEvent {
  recorder::Index index = 0;
  std::int64_t time_us = 0;
  std::string name, detail;
};

struct StoryAgent {
  // What it did in order: a number of calls, events or (other agents) children.
  enum class Of : std::uint8_t { kCall, kEvent, kChild };
  struct Item {
    Of of = Of::kCall;
    std::size_t number = 0;
  };
  std::string id, name, parent, run, kind, policy;
  std::string command;
  std::int64_t start_us = 0, end_us = 0;  // 0: not known
  bool ended = false;
  std::int64_t exit_code = 0;
  std::string cause;
  std::uint64_t allowed = 0, asked = 0, refused = 0, failed = 0;
  std::size_t above = kNobody;  // index of the parent
  std::vector<Item> items;
  static constexpr std::size_t kNobody = ~std::size_t{0};
};

class Story {
 public:
  static constexpr std::size_t kItemsMax = 1'000'000;
  static constexpr std::size_t kAgentsMax = 100'000;

  void add(const recorder::StoredEntry& entry);

  const std::vector<StoryAgent>& agents() const { return agents_; }
  const std::vector<StoryCall>& calls() const { return calls_; }
  const std::vector<StoryEvent>& events() const { return events_; }
  std::uint64_t left_out() const { return left_out_; }
  // Agents nobody of the story started, and those called `only` (id, name or run); empty: all of the former.
  std::vector<std::size_t> roots(std::string_view only) const;

 private:
  std::size_t agent_of(std::string_view id, std::int64_t time_us);
  StoryCall* add_call(std::size_t agent);
  void intent(const recorder::StoredEntry& entry, const json::Value& leaf, const json::Value& opening);
  void outcome(const json::Value& leaf, const json::Value& opening);
  void refused(const recorder::StoredEntry& entry, const json::Value& leaf, const json::Value& opening);
  void event(const recorder::StoredEntry& entry, const json::Value& leaf, const json::Value& opening);
  void begin(StoryAgent& agent, const json::Value& leaf, const json::Value& opening);

  std::vector<StoryAgent> agents_;
  std::vector<StoryCall> calls_;
  std::vector<StoryEvent> events_;
  std::map<std::string, std::size_t, std::less<>> by_id_;
  std::map<recorder::Index, std::pair<std::size_t, std::size_t>> open_;  // intent: its agent, its call
  std::uint64_t left_out_ = 0;
};

struct LogOptions;
// The story of a log from options.first on, and in `roots` the agents that options.agent asks for.
Result<Story> story_of(const std::string& directory, const LogOptions& options, std::vector<std::size_t>& roots);

// What a content that was recorded as a preview shows of itself; any other as it is.
const json::Value& shown_content(const json::Value* opening);

}  // namespace agentos::cli
