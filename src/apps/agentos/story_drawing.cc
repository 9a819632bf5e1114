// Depth first, children where they began.
#include "apps/agentos/story_drawing.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "abi/codes.h"
#include "apps/agentos/quantities.h"

namespace agentos::cli {
namespace {

constexpr std::size_t kReasonColumnsMax = 200;
constexpr std::size_t kLineColumnsMin = 24;

std::string offset_of(std::int64_t time_us, std::int64_t zero_us) {
  const std::int64_t us = std::max<std::int64_t>(0, time_us - zero_us);
  if (us < 1'000'000'000) return fmt::format("+{}.{:03}", us / 1'000'000, us / 1000 % 1000);
  return "+" + show_duration_us(us);
}

Style style_of(const StoryCall& call) {
  if (call.verdict == "deny" || call.verdict == "refused") return Style::kBad;
  if (call.verdict == "ask" || (!call.status.empty() && call.status != "ok")) return Style::kWarn;
  return call.status.empty() ? Style::kDim : Style::kGood;
}

std::string why_of(const StoryCall& call) {
  std::string out = call.rule.empty() ? call.step : call.rule;
  if (!call.reason.empty()) (out += out.empty() ? "" : ": ") += call.reason;
  return out;
}

class Drawing {
 public:
  Drawing(const Story& story, const Screen& screen) : story_(story), screen_(screen) {}

  void root(std::size_t number) {
    zero_us_ = story_.agents()[number].start_us;
    agent(number, 0);
  }
  std::string take() { return std::move(out_); }

 private:
  void agent(std::size_t number, std::size_t depth) {
    if (!drawn_.insert(number).second) return;  // a damaged log could say that an agent is its own ancestor
    const StoryAgent& agent = story_.agents()[number];
    std::string head = styled(screen_, Style::kBold, printable(agent.id));
    std::string rest;
    const auto add = [&](std::string_view text) { (rest += rest.empty() ? "" : "  ") += text; };
    if (!agent.name.empty() && agent.name != agent.id) add(fmt::format("\"{}\"", agent.name));
    if (depth == 0) {
      add(show_time(agent.start_us));
    } else {
      add(offset_of(agent.start_us, zero_us_));
    }
    if (agent.ended) {
      add(show_duration_us(std::max<std::int64_t>(0, agent.end_us - agent.start_us)));
      add(fmt::format("ended with {} ({})", agent.exit_code, agent.cause));
    } else if (!agent.kind.empty()) {
      add("has not ended");
    }
    add(fmt::format("{} allowed, {} refused{}{}", agent.allowed, agent.refused,
                    agent.asked > 0 ? fmt::format(", {} asked", agent.asked) : "",
                    agent.failed > 0 ? fmt::format(", {} failed", agent.failed) : ""));
    if (!agent.policy.empty()) add("policy " + agent.policy);
    line(depth, depth == 0 ? "" : "├─ ", head, display_width(printable(agent.id)), printable(rest), "");
    for (const StoryAgent::Item& item : agent.items) {
      switch (item.of) {
        case StoryAgent::Of::kChild:
          this->agent(item.number, depth + 1);
          break;
        case StoryAgent::Of::kCall:
          call(story_.calls()[item.number], depth + 1);
          break;
        case StoryAgent::Of::kEvent:
          event(story_.events()[item.number], depth + 1);
          break;
      }
    }
  }

  void call(const StoryCall& call, std::size_t depth) {
    const std::string when = offset_of(call.time_us, zero_us_);
    const std::string head = fmt::format("{} {}", styled(screen_, Style::kDim, fmt::format("{:>9}", when)),
                                         styled(screen_, style_of(call), fmt::format("{:<7}", call.verdict)));
    std::string detail = why_of(call);
    const auto add = [&](std::string_view text) { (detail += detail.empty() ? "" : "  ") += text; };
    if (call.verdict == "allow" || call.verdict == "ask") {
      if (const std::string ending = ending_of(call); ending != "ok") add(ending);
      if (!call.error.empty()) add(call.error);
      if (call.bytes > 0) add(show_size_bytes(call.bytes) + "B");
      if (call.exit_status >= 0) add(fmt::format("exit {}", call.exit_status));
      if (!call.status.empty()) add(show_duration_us(call.duration_us));
    }
    if (call.count > 1) add(fmt::format("{} times", call.count));
    line(depth, "", head, std::max<std::size_t>(9, when.size()) + 8, printable(title_of(call)), printable(detail));
  }

  void event(const StoryEvent& event, std::size_t depth) {
    const std::string when = offset_of(event.time_us, zero_us_);
    line(depth, "",
         fmt::format("{} {}", styled(screen_, Style::kDim, fmt::format("{:>9}", when)),
                     styled(screen_, Style::kBold, "event  ")),
         std::max<std::size_t>(9, when.size()) + 8, printable(event.name), printable(event.detail));
  }

  void line(std::size_t depth, std::string_view branch, std::string_view head, std::size_t head_columns,
            std::string what, std::string why) {
    std::string bars;
    const std::size_t shown = std::min(depth, kDrawnDepthMax);
    for (std::size_t i = branch.empty() ? 0 : 1; i < shown; ++i) bars += "│  ";
    why = cut_to_width(why, kReasonColumnsMax);
    if (screen_.columns_max > 0) {
      const std::size_t used = 3 * shown + head_columns + 1;
      const std::size_t left = std::max(kLineColumnsMin, screen_.columns_max > used ? screen_.columns_max - used : 0);
      what = cut_to_width(what, left);
      why = cut_to_width(why, left - std::min(left, display_width(what) + 2));
    }
    out_ += bars;
    out_ += branch;
    out_ += head;
    if (!what.empty()) (out_ += ' ') += what;
    if (!why.empty()) (out_ += "  ") += styled(screen_, Style::kDim, why);
    out_ += '\n';
  }

  const Story& story_;
  const Screen& screen_;
  std::set<std::size_t> drawn_;
  std::int64_t zero_us_ = 0;
  std::string out_;
};

json::Object call_json(const StoryCall& call) {
  json::Object out{{"what", "call"},
                   {"index", call.index},
                   {"time_us", call.time_us},
                   {"call", call.call},
                   {"verdict", call.verdict}};
  const std::pair<const char*, const std::string*> texts[] = {
      {"tool", &call.tool},         {"about", &call.what},    {"effect", &call.effect},
      {"step", &call.step},         {"rule", &call.rule},     {"reason", &call.reason},
      {"approval", &call.approval}, {"status", &call.status}, {"error", &call.error}};
  for (const auto& [key, text] : texts) {
    if (!text->empty()) out.append(key, *text);
  }
  if (call.code != 0) out.append("code", call.code);
  if (call.bytes != 0) out.append("bytes", call.bytes);
  if (call.exit_status >= 0) out.append("exit_status", call.exit_status);
  if (!call.status.empty()) out.append("duration_us", call.duration_us);
  if (call.count > 1) out.append("count", call.count);
  return out;
}

// Children are nested where they began; `drawn` as in Drawing.
json::Object agent_json(const Story& story, std::size_t number, std::set<std::size_t>& drawn, std::size_t depth) {
  const StoryAgent& agent = story.agents()[number];
  json::Object out{{"what", "agent"}, {"agent", agent.id}, {"start_us", agent.start_us}};
  const std::pair<const char*, const std::string*> texts[] = {{"name", &agent.name},     {"parent", &agent.parent},
                                                              {"run", &agent.run},       {"kind", &agent.kind},
                                                              {"policy", &agent.policy}, {"command", &agent.command}};
  for (const auto& [key, text] : texts) {
    if (!text->empty()) out.append(key, *text);
  }
  if (agent.ended) {
    out.append("end_us", agent.end_us);
    out.append("code", agent.exit_code);
    out.append("cause", agent.cause);
  }
  out.append("allowed", agent.allowed);
  out.append("asked", agent.asked);
  out.append("refused", agent.refused);
  out.append("failed", agent.failed);
  json::Array items;
  for (const StoryAgent::Item& item : agent.items) {
    if (item.of == StoryAgent::Of::kCall) items.emplace_back(call_json(story.calls()[item.number]));
    if (item.of == StoryAgent::Of::kEvent) {
      const StoryEvent& event = story.events()[item.number];
      items.emplace_back(json::Object{{"what", "event"},
                                      {"index", event.index},
                                      {"time_us", event.time_us},
                                      {"name", event.name},
                                      {"detail", event.detail}});
    }
    if (item.of == StoryAgent::Of::kChild && depth < kDrawnDepthMax && drawn.insert(item.number).second)
      items.emplace_back(agent_json(story, item.number, drawn, depth + 1));
  }
  out.append("items", std::move(items));
  return out;
}

}  // namespace

std::string ending_of(const StoryCall& call) {
  if (call.status.empty()) return call.verdict == "ask" ? "waits for an approval" : "no outcome yet";
  if (call.verdict == "ask") return call.status == "ok" ? "granted" : "not granted";
  if (call.status == "ok") return "ok";
  if (call.code == 0) return call.status;
  return fmt::format("{}: {}", call.status, abi::error_info(static_cast<ErrorCode>(call.code)).name);
}

std::string title_of(const StoryCall& call) {
  std::string out = call.call.empty() ? "(no call)" : call.call;
  if (!call.tool.empty()) out += " " + call.tool;
  if (!call.what.empty() && call.what != call.tool) out += " " + call.what;
  return out;
}

std::string draw(const Story& story, const std::vector<std::size_t>& roots, const Screen& screen) {
  Drawing drawing(story, screen);
  for (const std::size_t root : roots) drawing.root(root);
  return drawing.take();
}

json::Value to_json(const Story& story, const std::vector<std::size_t>& roots) {
  json::Array agents;
  std::set<std::size_t> drawn;
  for (const std::size_t root : roots) {
    if (drawn.insert(root).second) agents.emplace_back(agent_json(story, root, drawn, 0));
  }
  return json::Object{{"agents", std::move(agents)}, {"left_out", story.left_out()}};
}

}  // namespace agentos::cli
