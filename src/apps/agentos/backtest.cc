// What the rules ask for is watched: a decision that asked for nothing the record lacks is the decision.
#include "apps/agentos/backtest.h"

#include <algorithm>
#include <set>

#include "apps/agentos/story.h"
#include "apps/agentos/timeline.h"
#include "kernel/checkpoints.h"
#include "lib/guard/scan.h"

namespace agentos::cli {
namespace {

constexpr const char* kContent = "content was not recorded";
constexpr const char* kPast = "limits and sequences are not in the record";
constexpr const char* kBudget = "budgets and trust are not in the record";
constexpr const char* kRepeats = "repeats of a refusal are only counted";
constexpr const char* kUnknown = "the call is not one of this version";

// Whether something in it is not what it was: cut, or replaced by what the guard writes.
bool is_incomplete(const json::Value& value) {
  if (value.is_string()) {
    const std::string& text = value.as_string();
    if (text.ends_with("]") && text.find("…[+") != text.npos) return true;
    for (const char* mark : {"[secret ", "[ansi]", "[control]", "[bidi]", "[zero_width]", "[tag]"}) {
      if (text.find(mark) != text.npos) return true;
    }
    return false;
  }
  if (value.is_array()) return std::ranges::any_of(value.as_array(), is_incomplete);
  if (!value.is_object()) return false;
  return std::ranges::any_of(value.as_object(), [](const auto& member) { return is_incomplete(member.second); });
}

// Arguments that tell when one was asked for that the record does not have as it was.
class WatchedArguments final : public policy::Arguments {
 public:
  WatchedArguments(const policy::Arguments& own, const std::set<std::string, std::less<>>& missing)
      : own_(own), missing_(missing) {}
  bool text(std::string_view name, std::string_view& out) const override {
    watch(name);
    return own_.text(name, out);
  }
  bool integer(std::string_view name, std::int64_t& out) const override {
    watch(name);
    return own_.integer(name, out);
  }
  bool present(std::string_view name) const override { return own_.present(name); }
  const json::Value* object() const override {
    asked_ |= !missing_.empty();
    return own_.object();
  }
  bool asked() const { return asked_; }

 private:
  void watch(std::string_view name) const { asked_ |= missing_.contains(name); }
  const policy::Arguments& own_;
  const std::set<std::string, std::less<>>& missing_;
  mutable bool asked_ = false;
};

class WatchedPast final : public policy::Past {
 public:
  bool limit_allows(std::uint32_t, std::string_view) const override { return note(true); }
  bool happened(std::uint32_t) const override { return note(false); }
  std::int64_t count(std::string_view) const override { return note(0); }
  bool asked() const { return asked_; }

 private:
  template <class Answer>
  Answer note(Answer answer) const {
    asked_ = true;
    return answer;
  }
  mutable bool asked_ = false;
};

class WatchedFacts final : public policy::AgentFacts {
 public:
  const json::Value* find(std::string_view) const override {
    asked_ = true;
    return nullptr;
  }
  bool asked() const { return asked_; }

 private:
  mutable bool asked_ = false;
};

class WatchedFindings final : public policy::FindingList {
 public:
  explicit WatchedFindings(const json::Value* arguments) : arguments_(arguments) {}
  const json::Value& list() const override {
    asked_ = true;
    if (!list_.is_null()) return list_;
    json::Array list;
    if (arguments_ != nullptr && arguments_->is_object()) {
      for (const auto& [name, value] : arguments_->as_object()) {
        const std::string text = json::write(json::Value(json::Object{{name, value}}));
        for (const guard::Finding& one : guard::scan(text, guard::Syntax::kJson).items) {
          list.emplace_back(json::Object{{"kind", guard::name_of(one.kind)},
                                         {"where", "args." + name},
                                         {"severity", guard::severity_of(one.confidence)}});
        }
      }
    }
    list_ = std::move(list);
    return list_;
  }
  bool asked() const { return asked_; }

 private:
  const json::Value* arguments_;
  mutable json::Value list_;
  mutable bool asked_ = false;
};

std::string_view word_of(policy::Verdict verdict) {
  switch (verdict) {
    case policy::Verdict::kAllow:
      return "allow";
    case policy::Verdict::kAsk:
      return "ask";
    case policy::Verdict::kDeny:
      break;
  }
  return "deny";
}

}  // namespace

// The arguments as far as they were recorded.
struct Backtest::Content {
  explicit Content(const json::Value& leaf, const json::Value& opening, std::string_view call) {
    if (opening.is_null()) {
      // Nothing was opened: there were no arguments, or they were withheld or erased.
      known = leaf.string_or("arguments", "").empty();
      return;
    }
    const json::Value& shown = shown_content(&opening);
    known = shown.is_object();
    if (!known) return;
    arguments = shown;
    const json::Value* inner = call == "exec" ? arguments.find("arguments") : &arguments;
    if (inner == nullptr || !inner->is_object()) return;
    for (const auto& [name, value] : inner->as_object()) {
      if (&shown != &opening && is_incomplete(value)) missing.insert(name);
    }
  }
  bool known = false;
  json::Value arguments = json::Object{};
  std::set<std::string, std::less<>> missing;  // members that are not as they were
};

void Backtest::add(const recorder::StoredEntry& entry) {
  const auto leaf = json::parse(entry.leaf);
  if (!leaf) return;  // verify reports it
  const std::string_view kind = leaf->string_or("kind", "");
  const json::Value opening = entry.opening_matches ? opening_of(entry) : json::Value();
  if (kind == "event" && leaf->string_or("name", "") == "agent_start") begin(*leaf, opening);
  if (kind == "intent") intent(entry, *leaf, opening);
  if (kind == "outcome") outcome(*leaf, opening);
  if (kind == "refused") refused(entry, *leaf, opening);
}

void Backtest::begin(const json::Value& leaf, const json::Value& opening) {
  if (agents_.size() >= kAgentsMax) agents_.erase(agents_.begin());
  Agent& agent = agents_[std::string(leaf.string_or("agent", ""))];
  agent.name = opening.string_or("name", "");
  agent.parent = opening.string_or("parent", "");
  agent.ring = opening.int_or("ring", 3);
  if (const json::Value* labels = opening.find("labels"); labels != nullptr && labels->is_array())
    agent.labels = labels->as_array();
}

void Backtest::intent(const recorder::StoredEntry& entry, const json::Value& leaf, const json::Value& opening) {
  const std::string_view agent = leaf.string_or("agent", "");
  if (agent.starts_with("operator")) return;  // no policy decides their calls
  if (leaf.string_or("call", "") == "open") {
    if (opens_.size() >= kOpensMax) opens_.erase(opens_.begin());
    opens_[entry.index] = {std::string(agent), std::string(shown_content(&opening).string_or("path", ""))};
  }
  // A call that came back with its approval was counted when it was asked for.
  if (!leaf.string_or("approval", "").empty()) return;
  ++counts_.calls;
  decide(entry, leaf, opening, leaf.string_or("verdict", "allow"));
}

void Backtest::outcome(const json::Value& leaf, const json::Value& opening) {
  const auto open = opens_.find(static_cast<recorder::Index>(leaf.int_or("intent", -1)));
  if (open == opens_.end()) return;
  const std::int64_t handle = shown_content(&opening).int_or("handle", -1);
  if (handle >= 0 && leaf.string_or("status", "") == "ok")
    agents_[open->second.first].handles[handle] = open->second.second;
  opens_.erase(open);
}

void Backtest::refused(const recorder::StoredEntry& entry, const json::Value& leaf, const json::Value& opening) {
  const auto count = static_cast<std::uint64_t>(std::max<std::int64_t>(1, leaf.int_or("count", 1)));
  if (leaf.string_or("agent", "").starts_with("operator")) return;
  if (leaf.string_or("step", "") != "policy") {
    counts_.not_by_policy += count;
    return;
  }
  counts_.calls += count;
  if (count > 1) counts_.not_redecided[kRepeats] += count - 1;
  decide(entry, leaf, opening, "deny");
}

json::Array Backtest::chain_of(std::string_view agent) const {
  json::Array chain;
  constexpr std::size_t kChainMax = 64;
  for (auto found = agents_.find(agent); found != agents_.end() && chain.size() < kChainMax;
       found = agents_.find(found->second.parent)) {
    if (found->second.parent.empty()) break;
    chain.emplace_back(found->second.parent);
  }
  return chain;
}

json::Value Backtest::stated(const json::Value& leaf, const Content& content) {
  const std::string_view id = leaf.string_or("agent", ""), call = leaf.string_or("call", "");
  json::Object out{{"agent", id}, {"call", call}};
  if (const auto found = agents_.find(id); found != agents_.end()) {
    const Agent& agent = found->second;
    if (!agent.name.empty()) out.append("name", agent.name);
    if (!agent.parent.empty()) out.append("parent", agent.parent);
    out.append("ring", agent.ring);
    if (!agent.labels.empty()) out.append("labels", agent.labels);
    if (json::Array chain = chain_of(id); !chain.empty()) out.append("chain", std::move(chain));
    const auto handle = agent.handles.find(content.arguments.int_or("handle", -1));
    if (handle != agent.handles.end() && (call == "read" || call == "write" || call == "stat" || call == "seek"))
      out.append("path", handle->second);
  }
  json::Value arguments = content.arguments;
  if (call == "exec") {
    out.append("tool", leaf.string_or("tool", ""));
    const json::Value* inner = content.arguments.find("arguments");
    arguments = inner != nullptr && inner->is_object() ? *inner : json::Value(json::Object{});
  } else if (call == "checkpoint_save" || call == "checkpoint_load") {
    std::string path;
    if (kernel::checkpoint_path(content.arguments.string_or("id", ""), path)) out.append("path", path);
  }
  out.append("args", std::move(arguments));
  return out;
}

void Backtest::decide(const recorder::StoredEntry& entry, const json::Value& leaf, const json::Value& opening,
                      std::string_view old_verdict) {
  if (!only_agent_.empty() && leaf.string_or("agent", "") != only_agent_) {
    const auto agent = agents_.find(leaf.string_or("agent", ""));
    if (agent == agents_.end() || agent->second.name != only_agent_) {
      --counts_.calls;
      return;
    }
  }
  const std::string_view call = leaf.string_or("call", "");
  const Content content(leaf, opening, call);
  // Where the call goes is matched by rules directly.
  const bool place_known =
      content.known &&
      std::ranges::none_of(std::initializer_list<const char*>{"path", "to", "target", "agent", "handle", "id"},
                           [&](const char* name) { return call != "exec" && content.missing.contains(name); });
  const json::Value request_json = stated(leaf, content);
  const bool handle_known = call == "exec" || content.arguments.find("handle") == nullptr || call == "close" ||
                            call == "send" || call == "recv" || request_json.find("path") != nullptr;
  if (!place_known || !handle_known) {
    ++counts_.not_redecided[kContent];
    return;
  }
  const auto read = set_.read(request_json);
  if (!read) {
    ++counts_.not_redecided[kUnknown];
    return;
  }
  policy::Request request = (*read)->request();
  const WatchedArguments arguments(*request.arguments, content.missing);
  const WatchedPast past;
  const WatchedFacts facts;
  const WatchedFindings findings(request.arguments->object());
  request.arguments = &arguments;
  request.past = &past;
  request.principal.facts = &facts;
  request.findings = &findings;
  request.time_us = leaf.int_or("time_us", 0);
  const policy::Decision decision = set_.program->decide(request);
  if (arguments.asked() || (findings.asked() && !content.missing.empty())) {
    ++counts_.not_redecided[kContent];
    return;
  }
  if (past.asked() || facts.asked()) {
    ++counts_.not_redecided[past.asked() ? kPast : kBudget];
    return;
  }
  ++counts_.redecided;
  const std::string_view new_verdict = word_of(decision.verdict);
  if (new_verdict == old_verdict) {
    ++counts_.same;
    return;
  }
  ++counts_.changed;
  ++counts_.changes[std::string(old_verdict) + " -> " + std::string(new_verdict)];
  each_({.index = entry.index,
         .time_us = leaf.int_or("time_us", 0),
         .agent = std::string(leaf.string_or("agent", "")),
         .call = std::string(call),
         .tool = std::string(leaf.string_or("tool", "")),
         .about = subject_of_call(opening),
         .old_verdict = std::string(old_verdict),
         .old_rule = std::string(leaf.string_or("rule", "")),
         .new_verdict = std::string(new_verdict),
         .new_rule = std::string(decision.rule),
         .new_reason = std::string(decision.reason)});
}

}  // namespace agentos::cli
