// The same answer for an entry that the index found and for one that was read without it.
#include "lib/recorder/index/filter.h"

#include <algorithm>

namespace agentos::recorder {
namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool is_or_any(std::string_view wanted, std::string_view is) { return wanted.empty() || wanted == is; }

bool lists(std::string_view labels, std::string_view label) {
  while (!labels.empty()) {
    const std::size_t end = std::min(labels.find(','), labels.size());
    if (labels.substr(0, end) == label) return true;
    labels.remove_prefix(std::min(end + 1, labels.size()));
  }
  return false;
}

std::string labels_in(const json::Value& leaf) {
  const json::Value* labels = leaf.find("labels");
  if (labels == nullptr) return {};
  if (labels->is_string()) return labels->as_string();
  std::string out;
  if (!labels->is_array()) return out;
  for (const json::Value& label : labels->as_array()) {
    if (label.is_string()) (out += out.empty() ? "" : ",") += label.as_string();
  }
  return out;
}

}  // namespace

std::optional<Decided> decided_of(std::string_view word) {
  if (word == "allow") return Decided::kAllow;
  if (word == "ask") return Decided::kAsk;
  if (word == "deny") return Decided::kDeny;
  if (word == "refused") return Decided::kRefused;
  return std::nullopt;
}

Facts facts_of(const json::Value& leaf) {
  Facts facts;
  facts.time_us = leaf.int_or("time_us", 0);
  const std::pair<const char*, std::string*> texts[] = {
      {"kind", &facts.kind}, {"agent", &facts.agent}, {"run", &facts.run},       {"call", &facts.call},
      {"tool", &facts.tool}, {"rule", &facts.rule},   {"status", &facts.status}, {"name", &facts.name}};
  for (const auto& [key, text] : texts) *text = leaf.string_or(key, "");
  facts.labels = labels_in(leaf);
  if (facts.kind == "intent") {
    facts.decided = leaf.string_or("verdict", "") == "ask" ? Decided::kAsk : Decided::kAllow;
  } else if (facts.kind == "refused") {
    facts.decided = leaf.string_or("step", "") == "policy" ? Decided::kDeny : Decided::kRefused;
  } else if (facts.kind == "outcome") {
    const std::int64_t intent = leaf.int_or("intent", -1);
    if (intent >= 0) facts.intent = static_cast<Index>(intent);
  }
  return facts;
}

bool matches(const Filter& filter, Index index, const Facts& facts) {
  return index >= filter.first && index <= filter.last && is_or_any(filter.agent, facts.agent) &&
         is_or_any(filter.run, facts.run) && is_or_any(filter.tool, facts.tool) && is_or_any(filter.call, facts.call) &&
         is_or_any(filter.rule, facts.rule) && is_or_any(filter.kind, facts.kind) &&
         is_or_any(filter.status, facts.status) && is_or_any(filter.name, facts.name) &&
         (!filter.decided || *filter.decided == facts.decided) &&
         (!filter.from_us || facts.time_us >= *filter.from_us) &&
         (!filter.until_us || facts.time_us <= *filter.until_us) &&
         (filter.label.empty() || lists(facts.labels, filter.label));
}

bool has_text(std::string_view entry, std::string_view text) {
  return std::search(entry.begin(), entry.end(), text.begin(), text.end(),
                     [](char a, char b) { return lower(a) == lower(b); }) != entry.end();
}

}  // namespace agentos::recorder
