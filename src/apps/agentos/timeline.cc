// From leaves and openings to lines.
#include "apps/agentos/timeline.h"

#include <fmt/format.h>

#include "abi/codes.h"
#include "apps/agentos/explanation.h"
#include "apps/agentos/quantities.h"
#include "apps/agentos/story.h"

namespace agentos::cli {
namespace {

constexpr std::size_t kSubjectColumnsMax = 60;
constexpr std::size_t kDetailColumnsMax = 200;
constexpr std::size_t kLeafBytesMax = 64 * 1024;

std::string quoted_words(const json::Value& words) {
  std::string out;
  for (const json::Value& word : words.as_array()) {
    if (!word.is_string()) continue;
    if (!out.empty()) out += ' ';
    out += word.as_string();
  }
  return out;
}

std::string joined(std::string_view first, std::string_view second) {
  std::string out(first);
  if (!second.empty()) (out += out.empty() ? "" : " ") += second;
  return out;
}

std::string call_text(const json::Value& leaf, const std::string& what) {
  std::string call(leaf.string_or("call", ""));
  if (call.empty()) call = "(no call)";
  const std::string_view tool = leaf.string_or("tool", "");
  if (!tool.empty()) call += " " + std::string(tool);
  return what == tool ? call : joined(call, what);
}

// "GET http://host:80/path", or "host:443 (/usr/bin/curl)"; empty for calls that are not about a host.
std::string place_on_network(const json::Value& arguments) {
  const std::string_view host = arguments.string_or("host", "");
  const std::int64_t port = arguments.int_or("port", 0);
  if (host.empty() || port == 0) return {};
  const std::string place = std::string(host) + ":" + std::to_string(port);
  const std::string_view method = arguments.string_or("method", "");
  if (!method.empty()) {
    return fmt::format("{} {}://{}{}", method, arguments.string_or("scheme", "http"), place,
                       arguments.string_or("path", ""));
  }
  const std::string_view process = arguments.string_or("process", "");
  return process.empty() ? place : fmt::format("{} ({})", place, process);
}

}  // namespace

json::Value opening_of(const recorder::StoredEntry& entry) {
  if (!entry.opening) return {};
  auto value = json::parse(*entry.opening, {.bytes_max = kLeafBytesMax});
  return value ? std::move(*value) : json::Value(*entry.opening);
}

std::string subject_of_call(const json::Value& opening) {
  const json::Value& arguments = shown_content(&opening);
  std::string what = place_on_network(arguments);
  if (!what.empty()) return cut_to_width(printable(what), kSubjectColumnsMax);
  for (const std::string_view name :
       {"path", "target", "tool", "host", "region", "approval", "agent", "signal", "call"}) {
    const std::string_view text = arguments.string_or(name, "");
    if (text.empty()) continue;
    what = text;
    break;
  }
  if (const std::string_view to = arguments.string_or("to", ""); !to.empty()) what += " -> " + std::string(to);
  if (const json::Value* command = arguments.find("command"); what.empty() && command != nullptr) {
    if (command->is_array()) what = quoted_words(*command);
  }
  if (const json::Value* handle = arguments.find("handle"); what.empty() && handle != nullptr && handle->is_int()) {
    what = "#" + std::to_string(handle->as_int());
  }
  return cut_to_width(printable(what), kSubjectColumnsMax);
}

std::string blocked_text(const json::Value& detail) {
  std::string text = joined(detail.string_or("what", "?"), detail.string_or("target", ""));
  if (const std::string_view access = detail.string_or("access", ""); !access.empty()) {
    text += fmt::format(" to {}", access);
  }
  if (const std::string_view program = detail.string_or("program", ""); !program.empty()) {
    text += fmt::format(" by {}", program);
  }
  if (const std::int64_t pid = detail.int_or("pid", 0); pid > 0) text += fmt::format(" (pid {})", pid);
  return text;
}

std::string blocked_mend(const json::Value& detail) {
  std::string text;
  if (const std::int64_t count = detail.int_or("count", 1); count > 1) text = fmt::format("{} times", count);
  const std::string_view allow = detail.string_or("allow", "");
  if (!allow.empty()) text += fmt::format("{}profile: {}", text.empty() ? "" : ", ", allow);
  return text;
}

std::string Timeline::add(const recorder::StoredEntry& entry) {
  auto leaf = json::parse(entry.leaf, {.bytes_max = kLeafBytesMax});
  if (!leaf) return fmt::format("entry {} cannot be read: {}\n", entry.index, printable(leaf.error().message));
  const json::Value opening = opening_of(entry);
  const std::string_view kind = leaf->string_or("kind", "");
  if (kind == "intent") return intent(entry.index, *leaf, opening);
  if (kind == "outcome") return outcome(*leaf, opening);
  if (kind == "refused") return refused(*leaf, opening);
  return event(*leaf, opening);
}

void Timeline::remember(std::string_view agent, std::string_view name, std::string_view parent) {
  if (agent.empty()) return;
  if (agents_.size() >= kAgentsMax) agents_.erase(agents_.begin());
  Agent& one = agents_[std::string(agent)];
  if (!name.empty()) one.name = name;
  if (one.parent.empty() && !parent.empty()) {
    one.parent = parent;
    const auto above = agents_.find(parent);
    one.depth = std::min(kIndentMax, above == agents_.end() ? 1 : above->second.depth + 1);
  }
}

// An operator who only looks is no part of the story.
bool Timeline::is_aside(const json::Value& intent) const {
  return only_.empty() && intent.string_or("agent", "").starts_with("operator") &&
         intent.string_or("effect", "") == "none";
}

bool Timeline::shown(std::string_view agent) const {
  if (only_.empty()) return true;
  std::string current(agent);
  for (std::size_t steps = 0; steps < kAgentsMax && !current.empty(); ++steps) {
    const auto found = agents_.find(current);
    if (current == only_ || (found != agents_.end() && found->second.name == only_)) return true;
    if (found == agents_.end()) return false;
    current = found->second.parent;
  }
  return false;
}

std::string Timeline::line(const json::Value& leaf, Style style, std::string_view mark, std::string_view text,
                           std::string_view detail) const {
  const std::string agent(leaf.string_or("agent", "kernel"));
  const auto found = agents_.find(agent);
  std::string indent;
  for (std::size_t i = 0; found != agents_.end() && i < found->second.depth; ++i) indent += "│ ";
  const std::string time = show_time_of_day(leaf.int_or("time_us", 0));
  const std::string who = printable(agent);
  const std::string verdict = fmt::format("{:<7}", mark);
  std::string what = printable(text);
  std::string why = cut_to_width(printable(detail), kDetailColumnsMax);
  if (screen_.columns_max > 0) {
    const std::size_t used = display_width(time) + display_width(indent) + display_width(who) + verdict.size() + 4;
    const std::size_t left = screen_.columns_max > used + 20 ? screen_.columns_max - used : 20;
    what = cut_to_width(what, left);
    const std::size_t rest = left - std::min(left, display_width(what) + 2);
    why = cut_to_width(why, rest);
  }
  std::string out = styled(screen_, Style::kDim, time) + " " + indent + styled(screen_, Style::kBold, who) + " " +
                    styled(screen_, style, verdict) + " " + what;
  if (!why.empty()) out += "  " + styled(screen_, style == Style::kBad ? Style::kPlain : Style::kDim, why);
  out.erase(out.find_last_not_of(' ') + 1);
  return out + "\n";
}

std::string Timeline::intent(recorder::Index index, const json::Value& leaf, const json::Value& opening) {
  remember(leaf.string_or("agent", ""), "", leaf.string_or("parent", ""));
  if (pending_.size() >= kPendingMax) pending_.erase(pending_.begin());
  Pending& pending = pending_[index];
  pending.leaf = leaf;
  pending.what = subject_of_call(opening);
  if (leaf.string_or("verdict", "") != "ask" || !shown(leaf.string_or("agent", ""))) return {};
  return line(leaf, Style::kWarn, "ask", call_text(leaf, pending.what),
              joined(leaf.string_or("rule", ""), "waits for an approval"));
}

std::string Timeline::outcome(const json::Value& leaf, const json::Value& opening) {
  const auto found = pending_.find(static_cast<recorder::Index>(leaf.int_or("intent", -1)));
  if (!shown(leaf.string_or("agent", ""))) {
    if (found != pending_.end()) pending_.erase(found);
    return {};
  }
  json::Value asked = leaf;
  std::string what;
  std::string_view verdict = "allow";
  if (found != pending_.end()) {
    asked = found->second.leaf;
    what = found->second.what;
    verdict = asked.string_or("verdict", "allow");
  }
  if (is_aside(asked)) {
    pending_.erase(found);
    return {};
  }
  const std::string_view status = leaf.string_or("status", "");
  std::string detail(asked.string_or("rule", ""));
  if (status != "ok") {
    const auto code = static_cast<ErrorCode>(leaf.int_or("code", 0));
    detail = joined(detail, fmt::format("{}{}", status,
                                        leaf.int_or("code", 0) != 0 ? fmt::format(" ({})", abi::error_info(code).name)
                                                                    : std::string()));
    detail = joined(detail, opening.string_or("error", ""));
  }
  if (const std::int64_t bytes = leaf.int_or("bytes", 0); bytes > 0) detail += " " + show_size_bytes(bytes) + "B";
  if (leaf.int_or("exit_status", -1) >= 0) detail += fmt::format(" exit {}", leaf.int_or("exit_status", -1));
  detail = joined(detail, show_duration_us(leaf.int_or("duration_us", 0)));
  const std::string text = call_text(asked, what);
  if (found != pending_.end()) pending_.erase(found);
  const Style style = status == "ok" ? style_of_verdict(verdict) : Style::kWarn;
  return line(leaf, style, status == "ok" ? "allow" : "failed", text, detail);
}

std::string Timeline::refused(const json::Value& leaf, const json::Value& opening) {
  if (!shown(leaf.string_or("agent", ""))) return {};
  const std::string_view step = leaf.string_or("step", "");
  std::string detail(leaf.string_or("rule", ""));
  if (detail.empty()) detail = step;
  if (const std::string_view reason = leaf.string_or("reason", ""); !reason.empty()) {
    detail += (detail.empty() ? "" : ": ") + std::string(reason);
  }
  if (const std::int64_t count = leaf.int_or("count", 1); count > 1) detail += fmt::format(" ({} times)", count);
  return line(leaf, Style::kBad, step == "policy" ? "deny" : "refused", call_text(leaf, subject_of_call(opening)),
              detail);
}

std::string Timeline::event(const json::Value& leaf, const json::Value& opening) {
  const std::string_view name = leaf.string_or("name", "");
  const std::string_view agent = leaf.string_or("agent", "");
  if (name == "agent_start") remember(agent, opening.string_or("name", ""), opening.string_or("parent", ""));
  if (!shown(agent)) return {};
  if (name == "agent_start") {
    std::string policy;
    const json::Value* documents =
        opening.find("policy") != nullptr ? opening.find("policy")->find("documents") : nullptr;
    if (documents != nullptr && documents->is_array()) {
      for (const json::Value& document : documents->as_array()) {
        policy += (policy.empty() ? "policy " : ", ") + std::string(document.string_or("name", "?"));
      }
    }
    return line(leaf, Style::kBold, "start", fmt::format("{} begins", opening.string_or("name", agent)), policy);
  }
  if (name == "agent_exit") {
    const std::int64_t code = opening.int_or("code", 0);
    return line(leaf, code == 0 ? Style::kBold : Style::kBad, "end",
                fmt::format("ends with {} ({})", code, opening.string_or("cause", "?")),
                fmt::format("{} calls, {} refused", opening.int_or("calls", 0), opening.int_or("denied", 0)));
  }
  if (name == "blocked" || name == "traced") {
    const json::Value& shown_detail = shown_content(&opening);
    return line(leaf, name == "blocked" ? Style::kBad : Style::kDim, name, blocked_text(shown_detail),
                blocked_mend(shown_detail));
  }
  if (name == "workspace") {
    const json::Value& note = shown_content(&opening);
    return line(leaf, note.string_or("step", "") == "failed" ? Style::kBad : Style::kBold, "event",
                fmt::format("{} of workspace {} {}: {} changes to {}", note.string_or("act", "?"),
                            note.string_or("workspace", "?"), note.string_or("step", "?"), note.int_or("changes", 0),
                            note.string_or("original", "?")),
                joined(note.string_or("digest", ""), note.string_or("reason", "")));
  }
  std::string detail = opening.is_null() ? std::string() : json::write(opening);
  if (name == "signal") {
    detail = fmt::format("{} from {} {}", opening.string_or("signal", "?"), opening.string_or("sender", "?"),
                         opening.string_or("reason", ""));
  }
  return line(leaf, Style::kDim, "event", name, detail);
}

std::string Timeline::finish() {
  std::string out;
  for (const auto& [index, pending] : pending_) {
    if (!shown(pending.leaf.string_or("agent", "")) || is_aside(pending.leaf)) continue;
    if (pending.leaf.string_or("verdict", "") == "ask") continue;
    out += line(pending.leaf, Style::kDim, "running", call_text(pending.leaf, pending.what),
                joined(pending.leaf.string_or("rule", ""), "has no outcome yet"));
  }
  return out;
}

}  // namespace agentos::cli
