// What a document declares before its rules: tables, windows, sequences and limits.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "base/time/civil.h"
#include "base/time/zone.h"
#include "lib/policy/keys.h"
#include "lib/policy/limits.h"
#include "lib/policy/reading.h"

namespace agentos::policy {
namespace {

using Kind = yaml::Node::Kind;

constexpr std::int64_t kDurationMaxMs = 366LL * 24 * 3600 * 1000;

// "HH:MM" in minutes; 24:00 only as an end. -1 after a complaint.
int read_minute(Reading& reading, const yaml::Node& node, std::string_view what, int most) {
  if (!reading.read.is(node, Kind::kString, what)) return -1;
  const std::string& text = node.text;
  int hour = 0, minute = 0;
  const bool shaped = text.size() == 5 && text[2] == ':' &&
                      std::from_chars(text.data(), text.data() + 2, hour).ptr == text.data() + 2 &&
                      std::from_chars(text.data() + 3, text.data() + 5, minute).ptr == text.data() + 5;
  const int total = hour * 60 + minute;
  if (shaped && hour >= 0 && minute >= 0 && minute < 60 && total <= most) return total;
  reading.complaints.add(node.mark, fmt::format("\"{}\" is not a time of day: {}", what, text),
                         "write hours and minutes, \"08:00\" to \"23:59\"");
  return -1;
}

// "2026-12-20T00:00:00Z" in microseconds; nothing after a complaint.
bool read_instant(Reading& reading, const yaml::Node& node, std::string_view what, std::int64_t& out_us) {
  if (!reading.read.is(node, Kind::kString, what)) return false;
  CivilTime civil;
  int year = 0;
  char zone = 0, beyond = 0;
  const int fields = std::sscanf(node.text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%c%c", &year, &civil.month, &civil.day,
                                 &civil.hour, &civil.minute, &civil.second, &zone, &beyond);
  if (fields == 7 && zone == 'Z' && node.text.size() == 20) {
    civil.year = year;
    const std::int64_t seconds = seconds_of_civil(civil);
    const CivilTime back = civil_of_seconds(seconds);
    if (back.month == civil.month && back.day == civil.day && back.hour == civil.hour && back.second == civil.second) {
      out_us = seconds * 1'000'000;
      return true;
    }
  }
  reading.complaints.add(node.mark, fmt::format("\"{}\" is not an instant: {}", what, node.text),
                         "write it in UTC: \"2026-12-20T00:00:00Z\"");
  return false;
}

bool is_instant(const yaml::Node* node) { return node != nullptr && node->text.find('T') != std::string::npos; }

void read_window(Reading& reading, const yaml::Node::Entry& entry) {
  if (!reading.read.is(entry.value, Kind::kMapping, entry.key)) return;
  const std::string where = fmt::format("window \"{}\"", entry.key);
  reading.read.only_keys(entry.value, where, key_names(Where::kWindow));
  WindowSpec spec;
  if (const yaml::Node* days = entry.value.find("days")) {
    spec.days = 0;
    for (const yaml::Node* item : reading.read.strings(*days, "days")) {
      const int day = reading.read.word(*item, "day", key_words(Where::kWindow, "days"));
      if (day >= 0) spec.days |= static_cast<std::uint8_t>(1u << day);
    }
  }
  const yaml::Node* from = entry.value.find("from");
  const yaml::Node* to = entry.value.find("to");
  if (is_instant(from) || is_instant(to)) {
    if (from != nullptr && !read_instant(reading, *from, "from", spec.from_us)) return;
    if (to != nullptr && !read_instant(reading, *to, "to", spec.until_us)) return;
  } else {
    if (from != nullptr && (spec.from_minute = read_minute(reading, *from, "from", 1439)) < 0) return;
    if (to != nullptr && (spec.to_minute = read_minute(reading, *to, "to", 1440)) < 0) return;
  }
  if (const yaml::Node* zone = entry.value.find("zone")) {
    auto loaded = Zone::load(reading.read.text(*zone, "zone", kNameBytesMax));
    if (!loaded) {
      reading.complaints.add(zone->mark, fmt::format("zone: {}", loaded.error().message), loaded.error().hint);
      return;
    }
    spec.zone = std::move(*loaded);
  }
  auto window = Window::make(std::move(spec));
  if (!window) {
    reading.complaints.add(entry.mark, fmt::format("{}: {}", where, window.error().message), window.error().hint);
    return;
  }
  reading.windows[entry.key] = std::make_shared<const Window>(std::move(*window));
}

std::vector<Selector> read_events(Reading& reading, const yaml::Node& node, std::string_view what, std::size_t most) {
  std::vector<Selector> events;
  if (!reading.read.is(node, Kind::kSequence, what)) return events;
  if (node.items.empty() || node.items.size() > most) {
    reading.complaints.add(node.mark, fmt::format("\"{}\" has {} entries", what, node.items.size()),
                           fmt::format("1 to {}", most));
    return events;
  }
  for (const yaml::Node& item : node.items) {
    if (!reading.read.is(item, Kind::kMapping, what)) continue;
    reading.read.only_keys(item, what, key_names(Where::kStep));
    Selector selector;
    read_selector(reading, item, Phase::kCall, fmt::format("an entry of {}", what), selector);
    events.push_back(std::move(selector));
  }
  return events;
}

void read_sequence(Reading& reading, const yaml::Node::Entry& entry) {
  if (!reading.read.is(entry.value, Kind::kMapping, entry.key)) return;
  reading.read.only_keys(entry.value, fmt::format("sequence \"{}\"", entry.key), key_names(Where::kSequence));
  Sequence sequence;
  sequence.name = entry.key;
  sequence.spec.id = fmt::format("{}/{}", reading.policy, entry.key);
  const yaml::Node* steps = entry.value.find("steps");
  if (steps == nullptr) {
    reading.complaints.add(entry.mark, fmt::format("sequence \"{}\" has no \"steps\"", entry.key),
                           "add \"steps: [{tools: [...]}]\"");
    return;
  }
  sequence.steps = read_events(reading, *steps, "steps", static_cast<std::size_t>(kSequenceStepsMax));
  sequence.spec.steps = static_cast<std::uint8_t>(sequence.steps.size());
  if (const yaml::Node* until = entry.value.find("until")) {
    sequence.until = read_events(reading, *until, "until", kPatternsMax);
    sequence.spec.has_until = true;
  }
  if (const yaml::Node* within = entry.value.find("within")) {
    sequence.spec.within_us = reading.read.duration_ms(*within, "within", 1, kDurationMaxMs) * 1000;
  }
  if (reading.past.sequences.size() == kSequencesMax) {
    reading.complaints.add(entry.mark, "the set has too many sequences", fmt::format("at most {}", kSequencesMax));
    return;
  }
  reading.sequences[entry.key] = static_cast<std::uint32_t>(reading.past.sequences.size());
  reading.past.sequences.push_back(std::move(sequence));
}

// What is counted, for whom, how much, and how it refills.
bool read_spec(Reading& reading, const yaml::Node& node, LimitSpec& spec) {
  if (const yaml::Node* of = node.find("of")) {
    const int word = reading.read.word(*of, "measure", key_words(Where::kLimit, "of"));
    if (word >= 0) spec.measure = static_cast<Measure>(word);
  }
  if (const yaml::Node* per = node.find("per")) {
    const int word = reading.read.word(*per, "subject", key_words(Where::kLimit, "per"));
    if (word >= 0) spec.per = static_cast<Per>(word);
  }
  spec.shape = Shape::kSlidingWindow;
  if (const yaml::Node* shape = node.find("as")) {
    const int word = reading.read.word(*shape, "kind of limit", key_words(Where::kLimit, "as"));
    if (word == 0) spec.shape = Shape::kTokenBucket;
  }
  const yaml::Node* most = node.find("at_most");
  if (most == nullptr) {
    reading.complaints.add(node.mark, "a limit has no \"at_most\"", "add \"at_most: 10\"");
    return false;
  }
  spec.amount = reading.read.integer(*most, "at_most", 1, kUnitsMax);
  const yaml::Node* every = node.find("every");
  if (spec.measure == Measure::kConcurrency) {
    if (every != nullptr) reading.complaints.add(every->mark, "concurrency has no \"every\"", "leave it out");
    spec.shape = Shape::kTokenBucket;
    return true;
  }
  if (every == nullptr) {
    reading.complaints.add(node.mark, "a limit has no \"every\"", "add \"every: 1m\"");
    return false;
  }
  spec.per_us = reading.read.duration_ms(*every, "every", 1, kDurationMaxMs) * 1000;
  if (const yaml::Node* burst = node.find("burst")) {
    if (spec.shape != Shape::kTokenBucket) {
      reading.complaints.add(burst->mark, "\"burst\" is for token buckets", "add \"as: token_bucket\"");
    }
    spec.burst = reading.read.integer(*burst, "burst", 1, kUnitsMax);
  }
  return true;
}

bool read_limit(Reading& reading, const yaml::Node& node, Limit& limit, Rule& rule) {
  if (!reading.read.is(node, Kind::kMapping, "a limit")) return false;
  reading.read.only_keys(node, "a limit", key_names(Where::kLimit));
  const yaml::Node* name = node.find("name");
  if (name == nullptr) {
    reading.complaints.add(node.mark, "a limit has no \"name\"", "add \"name: ...\"; decisions and records name it");
    return false;
  }
  rule.name = reading.read.name(*name, "name");
  rule.id = fmt::format("{}/{}", reading.policy, rule.name);
  rule.place = reading.place_of(node.mark);
  rule.action = Verdict::kDeny;
  if (const yaml::Node* action = node.find("action")) {
    if (reading.read.word(*action, "action", key_words(Where::kLimit, "action")) == 1) rule.action = Verdict::kAsk;
  }
  limit.spec.id = rule.id;
  if (!read_spec(reading, node, limit.spec)) return false;
  read_selector(reading, node, Phase::kCall, "a limit", limit);
  limit.tightens = true;
  static_cast<Selector&>(rule) = limit;
  read_answer(reading, node, rule);
  if (node.find("message") == nullptr) {
    rule.message =
        fmt::format("The limit of {} {} is used up; try again later.", limit.spec.amount, name_of(limit.spec.measure));
  }
  if (Status status = check(limit.spec); !status) {
    reading.complaints.add(node.mark, status.error().message, status.error().hint);
    return false;
  }
  return true;
}

}  // namespace

void read_tables(Reading& reading, const yaml::Node& node) {
  if (!reading.read.is(node, Kind::kMapping, "tables")) return;
  if (node.entries.size() > kTablesMax) {
    reading.complaints.add(node.mark, fmt::format("{} tables are too many", node.entries.size()),
                           fmt::format("at most {}", kTablesMax));
    return;
  }
  *reading.tables = yaml::to_json(node);
}

void read_windows(Reading& reading, const yaml::Node& node) {
  if (!reading.read.is(node, Kind::kMapping, "windows")) return;
  if (node.entries.size() > kWindowsMax) {
    reading.complaints.add(node.mark, fmt::format("{} windows are too many", node.entries.size()),
                           fmt::format("at most {}", kWindowsMax));
    return;
  }
  for (const auto& entry : node.entries) read_window(reading, entry);
}

void read_sequences(Reading& reading, const yaml::Node& node) {
  if (!reading.read.is(node, Kind::kMapping, "sequences")) return;
  for (const auto& entry : node.entries) read_sequence(reading, entry);
}

std::vector<Rule> read_limits(Reading& reading, const yaml::Node& node) {
  std::vector<Rule> rules;
  if (!reading.read.is(node, Kind::kSequence, "limits")) return rules;
  for (const yaml::Node& item : node.items) {
    if (reading.past.limits.size() == kLimitsMax) {
      reading.complaints.add(item.mark, "the set has too many limits", fmt::format("at most {}", kLimitsMax));
      return rules;
    }
    Limit limit;
    Rule rule;
    if (!read_limit(reading, item, limit, rule)) continue;
    rule.limit = static_cast<std::int32_t>(reading.past.limits.size());
    rules.push_back(std::move(rule));
    reading.past.limits.push_back(std::move(limit));
  }
  return rules;
}

}  // namespace agentos::policy
