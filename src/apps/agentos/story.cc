// One entry after another; what an entry does not say is left empty.
#include "apps/agentos/story.h"

#include <algorithm>

#include "apps/agentos/screen.h"
#include "apps/agentos/timeline.h"

namespace agentos::cli {
namespace {

constexpr std::size_t kEventDetailBytesMax = 400;
constexpr std::size_t kOpenMax = 65'536;  // calls under way whose outcome is waited for

std::string words_of_list(const json::Value* list) {
  std::string out;
  if (list == nullptr || !list->is_array()) return out;
  for (const json::Value& word : list->as_array()) {
    if (word.is_string()) (out += out.empty() ? "" : " ") += word.as_string();
  }
  return out;
}

std::string names_of_documents(const json::Value& opening) {
  const json::Value* policy = opening.find("policy");
  const json::Value* documents = policy != nullptr ? policy->find("documents") : nullptr;
  std::string out;
  if (documents == nullptr || !documents->is_array()) return out;
  for (const json::Value& document : documents->as_array())
    (out += out.empty() ? "" : ", ") += document.string_or("name", "?");
  return out;
}

}  // namespace

const json::Value& shown_content(const json::Value* opening) {
  if (!opening->is_object() || opening->find("digest") == nullptr || opening->find("size") == nullptr) return *opening;
  const json::Value* preview = opening->find("preview");
  return preview != nullptr ? *preview : *opening;
}

std::size_t Story::agent_of(std::string_view id, std::int64_t time_us) {
  const std::string_view known = id.empty() ? std::string_view("kernel") : id;
  if (const auto found = by_id_.find(known); found != by_id_.end()) return found->second;
  if (agents_.size() >= kAgentsMax) return StoryAgent::kNobody;
  StoryAgent agent;
  agent.id = known;
  agent.start_us = time_us;
  agents_.push_back(std::move(agent));
  by_id_.emplace(std::string(known), agents_.size() - 1);
  return agents_.size() - 1;
}

StoryCall* Story::add_call(std::size_t agent) {
  if (agent == StoryAgent::kNobody || calls_.size() + events_.size() >= kItemsMax) {
    ++left_out_;
    return nullptr;
  }
  calls_.emplace_back();
  agents_[agent].items.push_back({StoryAgent::Of::kCall, calls_.size() - 1});
  return &calls_.back();
}

void Story::add(const recorder::StoredEntry& entry) {
  const auto leaf = json::parse(entry.leaf);
  if (!leaf) return;  // verify reports it
  const json::Value opening = opening_of(entry);
  const std::string_view kind = leaf->string_or("kind", "");
  if (kind == "intent") return intent(entry, *leaf, opening);
  if (kind == "outcome") return outcome(*leaf, opening);
  if (kind == "refused") return refused(entry, *leaf, opening);
  event(entry, *leaf, opening);
}

void Story::intent(const recorder::StoredEntry& entry, const json::Value& leaf, const json::Value& opening) {
  const std::string_view id = leaf.string_or("agent", "");
  // Operators who look are no part of the story.
  if (id.starts_with("operator") && leaf.string_or("effect", "") == "none") return;
  const std::size_t agent = agent_of(id, leaf.int_or("time_us", 0));
  StoryCall* call = add_call(agent);
  if (call == nullptr) return;
  call->index = entry.index;
  call->time_us = leaf.int_or("time_us", 0);
  const std::pair<const char*, std::string*> texts[] = {
      {"call", &call->call},       {"tool", &call->tool},         {"effect", &call->effect}, {"rule", &call->rule},
      {"verdict", &call->verdict}, {"approval", &call->approval}, {"trace", &call->trace}};
  for (const auto& [key, text] : texts) *text = leaf.string_or(key, "");
  call->policy_epoch = static_cast<std::uint64_t>(leaf.int_or("policy_epoch", 0));
  call->what = subject_of_call(opening);
  StoryAgent& who = agents_[agent];
  if (who.run.empty()) who.run = leaf.string_or("run", "");
  if (who.parent.empty()) who.parent = leaf.string_or("parent", "");
  ++(call->verdict == "ask" ? who.asked : who.allowed);
  if (open_.size() >= kOpenMax) open_.erase(open_.begin());
  open_[entry.index] = {agent, calls_.size() - 1};
}

void Story::outcome(const json::Value& leaf, const json::Value& opening) {
  const auto found = open_.find(static_cast<recorder::Index>(leaf.int_or("intent", -1)));
  if (found == open_.end()) return;
  StoryCall& call = calls_[found->second.second];
  call.status = leaf.string_or("status", "");
  call.code = leaf.int_or("code", 0);
  call.bytes = leaf.int_or("bytes", 0);
  call.duration_us = leaf.int_or("duration_us", 0);
  call.exit_status = leaf.int_or("exit_status", -1);
  if (call.status != "ok") {
    if (call.verdict != "ask") ++agents_[found->second.first].failed;
    const json::Value& shown = shown_content(&opening);
    if (shown.is_string()) call.error = shown.as_string();
  }
  open_.erase(found);
}

void Story::refused(const recorder::StoredEntry& entry, const json::Value& leaf, const json::Value& opening) {
  const std::size_t agent = agent_of(leaf.string_or("agent", ""), leaf.int_or("time_us", 0));
  StoryCall* call = add_call(agent);
  if (call == nullptr) return;
  call->index = entry.index;
  call->time_us = leaf.int_or("time_us", 0);
  const std::pair<const char*, std::string*> texts[] = {{"call", &call->call},
                                                        {"tool", &call->tool},
                                                        {"rule", &call->rule},
                                                        {"step", &call->step},
                                                        {"reason", &call->reason}};
  for (const auto& [key, text] : texts) *text = leaf.string_or(key, "");
  call->verdict = call->step == "policy" ? "deny" : "refused";
  call->policy_epoch = static_cast<std::uint64_t>(leaf.int_or("policy_epoch", 0));
  call->code = leaf.int_or("code", 0);
  call->count = static_cast<std::uint64_t>(std::max<std::int64_t>(1, leaf.int_or("count", 1)));
  call->what = subject_of_call(opening);
  agents_[agent].refused += call->count;
  if (agents_[agent].run.empty()) agents_[agent].run = leaf.string_or("run", "");
}

void Story::begin(StoryAgent& agent, const json::Value& leaf, const json::Value& opening) {
  agent.start_us = leaf.int_or("time_us", 0);
  agent.run = leaf.string_or("run", "");
  agent.name = opening.string_or("name", "");
  agent.parent = opening.string_or("parent", agent.parent);
  agent.kind = opening.string_or("kind", "");
  agent.policy = names_of_documents(opening);
  agent.command = words_of_list(opening.find("command"));
}

void Story::event(const recorder::StoredEntry& entry, const json::Value& leaf, const json::Value& opening) {
  const std::string_view name = leaf.string_or("name", "");
  const std::size_t number = agent_of(leaf.string_or("agent", ""), leaf.int_or("time_us", 0));
  if (number == StoryAgent::kNobody) {
    ++left_out_;
    return;
  }
  StoryAgent& agent = agents_[number];
  const json::Value& shown = shown_content(&opening);
  if (name == "agent_start") {
    begin(agent, leaf, shown);
    const auto above = agent.parent.empty() ? by_id_.end() : by_id_.find(agent.parent);
    if (above != by_id_.end() && above->second != number && agent.above == StoryAgent::kNobody) {
      agent.above = above->second;
      agents_[above->second].items.push_back({StoryAgent::Of::kChild, number});
    }
    return;
  }
  if (name == "agent_exit") {
    agent.ended = true;
    agent.end_us = leaf.int_or("time_us", 0);
    agent.exit_code = shown.int_or("code", 0);
    agent.cause = shown.string_or("cause", "");
    return;
  }
  if (calls_.size() + events_.size() >= kItemsMax) {
    ++left_out_;
    return;
  }
  StoryEvent event;
  event.index = entry.index;
  event.time_us = leaf.int_or("time_us", 0);
  event.name = name;
  if (name == "signal") {
    event.detail = std::string(shown.string_or("signal", "?")) + " from " + std::string(shown.string_or("sender", "?"));
    if (const std::string_view reason = shown.string_or("reason", ""); !reason.empty())
      event.detail += ": " + std::string(reason);
  } else if (name == "blocked" || name == "traced") {
    const std::string mend = blocked_mend(shown);
    event.detail = blocked_text(shown) + (mend.empty() ? "" : "; " + mend);
  } else if (!shown.is_null()) {
    event.detail = cut_to_width(printable(json::write(shown)), kEventDetailBytesMax);
  }
  events_.push_back(std::move(event));
  agent.items.push_back({StoryAgent::Of::kEvent, events_.size() - 1});
}

std::vector<std::size_t> Story::roots(std::string_view only) const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    const StoryAgent& agent = agents_[i];
    if (only.empty()) {
      if (agent.above == StoryAgent::kNobody && (!agent.items.empty() || !agent.kind.empty())) out.push_back(i);
    } else if (agent.id == only || agent.name == only || agent.run == only) {
      // Not below another one that is asked for.
      const bool below =
          agent.above != StoryAgent::kNobody && (agents_[agent.above].name == only || agents_[agent.above].run == only);
      if (!below) out.push_back(i);
    }
  }
  return out;
}

}  // namespace agentos::cli
