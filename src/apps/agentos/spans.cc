// Ids are made from the log's name and places in it, so that exporting twice gives the same spans.
#include "apps/agentos/spans.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "apps/agentos/story_drawing.h"
#include "base/crypto/hash.h"

namespace agentos::cli {
namespace {

constexpr std::size_t kTraceIdHexSize = 32;
constexpr std::size_t kSpanIdHexSize = 16;
constexpr int kKindInternal = 1, kKindClient = 3;
constexpr int kStatusOk = 1, kStatusError = 2;

json::Object text_attribute(std::string_view key, std::string_view value) {
  return {{"key", key}, {"value", json::Object{{"stringValue", value}}}};
}
json::Object integer_attribute(std::string_view key, std::int64_t value) {
  return {{"key", key}, {"value", json::Object{{"intValue", std::to_string(value)}}}};
}

void add(json::Array& attributes, std::string_view key, const std::string& value) {
  if (!value.empty()) attributes.emplace_back(text_attribute(key, value));
}

std::string nanoseconds(std::int64_t us) { return std::to_string(std::max<std::int64_t>(0, us)) + "000"; }

bool is_trace_id(std::string_view text) {
  return text.size() == kTraceIdHexSize && text.find_first_not_of("0123456789abcdef") == text.npos &&
         text.find_first_not_of('0') != text.npos;
}

class Spans {
 public:
  Spans(const Story& story, std::string_view log) : story_(story), log_(log) {}

  void root(std::size_t number) {
    const StoryAgent& agent = story_.agents()[number];
    trace_ = id_of("trace", fmt::format("{}\n{}\n{}", agent.run, agent.id, agent.start_us), kTraceIdHexSize);
    this->agent(number, "", 0);
  }
  json::Array take() { return std::move(spans_); }

 private:
  std::string id_of(std::string_view what, std::string_view of, std::size_t size) const {
    return crypto::hex(crypto::sha256(fmt::format("agentos {}\n{}\n{}", what, log_, of))).substr(0, size);
  }

  void agent(std::size_t number, const std::string& parent, std::size_t depth) {
    if (depth > kDrawnDepthMax || !seen_.insert(number).second) return;
    const StoryAgent& agent = story_.agents()[number];
    const std::string span = id_of("agent", fmt::format("{}\n{}", agent.id, agent.start_us), kSpanIdHexSize);
    json::Array attributes, events;
    add(attributes, "gen_ai.operation.name", "invoke_agent");
    add(attributes, "gen_ai.agent.id", agent.id);
    add(attributes, "gen_ai.agent.name", agent.name);
    add(attributes, "agentos.run", agent.run);
    add(attributes, "agentos.policy", agent.policy);
    add(attributes, "agentos.agent.kind", agent.kind);
    if (agent.ended) attributes.emplace_back(integer_attribute("agentos.exit_code", agent.exit_code));
    std::int64_t end_us = std::max(agent.start_us, agent.end_us);
    std::vector<std::size_t> children;
    const std::size_t place = spans_.size();
    spans_.emplace_back();
    for (const StoryAgent::Item& item : agent.items) {
      if (item.of == StoryAgent::Of::kChild) this->agent(item.number, span, depth + 1);
      if (item.of == StoryAgent::Of::kCall) {
        const StoryCall& one = story_.calls()[item.number];
        if (!agent.ended) end_us = std::max(end_us, one.time_us + one.duration_us);
        call(one, agent, span);
      }
      if (item.of == StoryAgent::Of::kEvent) {
        const StoryEvent& event = story_.events()[item.number];
        events.emplace_back(
            json::Object{{"timeUnixNano", nanoseconds(event.time_us)},
                         {"name", event.name},
                         {"attributes", json::Array{json::Value(text_attribute("agentos.detail", event.detail))}}});
      }
    }
    const bool good = !agent.ended || agent.exit_code == 0;
    spans_[place] = made(span, parent, "invoke_agent " + (agent.name.empty() ? agent.id : agent.name), kKindInternal,
                         agent.start_us, end_us, std::move(attributes), std::move(events), good,
                         good ? "" : fmt::format("ended with {} ({})", agent.exit_code, agent.cause));
  }

  void call(const StoryCall& call, const StoryAgent& agent, const std::string& parent) {
    json::Array attributes;
    if (call.call == "exec") add(attributes, "gen_ai.operation.name", "execute_tool");
    add(attributes, "gen_ai.tool.name", call.tool);
    add(attributes, "gen_ai.agent.id", agent.id);
    add(attributes, "agentos.call", call.call);
    add(attributes, "agentos.about", call.what);
    add(attributes, "agentos.effect", call.effect);
    add(attributes, "agentos.verdict", call.verdict);
    add(attributes, "agentos.rule", call.rule);
    add(attributes, "agentos.step", call.step);
    add(attributes, "agentos.reason", call.reason);
    add(attributes, "agentos.approval", call.approval);
    add(attributes, "agentos.outcome", call.status.empty() ? "none" : call.status);
    attributes.emplace_back(integer_attribute("agentos.entry", static_cast<std::int64_t>(call.index)));
    attributes.emplace_back(integer_attribute("agentos.policy_epoch", static_cast<std::int64_t>(call.policy_epoch)));
    if (call.bytes > 0) attributes.emplace_back(integer_attribute("agentos.bytes", call.bytes));
    if (call.count > 1)
      attributes.emplace_back(integer_attribute("agentos.count", static_cast<std::int64_t>(call.count)));
    if (call.exit_status >= 0) attributes.emplace_back(integer_attribute("process.exit.code", call.exit_status));
    if (is_trace_id(call.trace)) add(attributes, "agentos.trace", call.trace);
    const bool allowed = call.verdict == "allow" || call.verdict == "ask";
    const bool good = allowed && (call.status.empty() || call.status == "ok");
    const std::string span = id_of("entry", std::to_string(call.index), kSpanIdHexSize);
    spans_.emplace_back(made(span, parent, title_of(call), call.effect == "external" ? kKindClient : kKindInternal,
                             call.time_us, call.time_us + call.duration_us, std::move(attributes), {}, good,
                             good      ? ""
                             : allowed ? ending_of(call)
                                       : call.verdict + ": " + call.reason));
  }

  json::Value made(const std::string& span, const std::string& parent, const std::string& name, int kind,
                   std::int64_t from_us, std::int64_t until_us, json::Array attributes, json::Array events, bool good,
                   const std::string& message) const {
    json::Object out{{"traceId", trace_}, {"spanId", span}};
    if (!parent.empty()) out.append("parentSpanId", parent);
    out.append("name", name);
    out.append("kind", kind);
    out.append("startTimeUnixNano", nanoseconds(from_us));
    out.append("endTimeUnixNano", nanoseconds(until_us));
    out.append("attributes", std::move(attributes));
    if (!events.empty()) out.append("events", std::move(events));
    json::Object status{{"code", good ? kStatusOk : kStatusError}};
    if (!message.empty()) status.append("message", message);
    out.append("status", std::move(status));
    return out;
  }

  const Story& story_;
  std::string log_, trace_;
  std::set<std::size_t> seen_;
  json::Array spans_;
};

json::Value request_of(json::Array spans) {
  return json::Object{
      {"resourceSpans",
       json::Array{json::Object{
           {"resource",
            json::Object{{"attributes", json::Array{json::Value(text_attribute("service.name", "agentos")),
                                                    json::Value(text_attribute("service.version", AGENTOS_VERSION))}}}},
           {"scopeSpans",
            json::Array{json::Object{{"scope", json::Object{{"name", "agentos.record"}, {"version", AGENTOS_VERSION}}},
                                     {"spans", std::move(spans)}}}}}}}};
}

}  // namespace

std::vector<std::string> otlp_requests(const Story& story, const std::vector<std::size_t>& roots,
                                       std::string_view log) {
  Spans spans(story, log);
  for (const std::size_t root : roots) spans.root(root);
  std::vector<std::string> lines;
  json::Array all = spans.take();
  for (std::size_t at = 0; at < all.size() || lines.empty(); at += kSpansARequest) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(std::min(at, all.size()));
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(at + kSpansARequest, all.size()));
    json::Array some(std::make_move_iterator(begin), std::make_move_iterator(end));
    lines.push_back(json::write(request_of(std::move(some))) + "\n");
  }
  return lines;
}

}  // namespace agentos::cli
