// Patterns of form clauses, checked where they stand.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lib/canonical/sql_facts.h"
#include "lib/canonical/text_hazards.h"
#include "lib/canonical/url.h"
#include "lib/policy/condition_reader.h"
#include "lib/policy/form_condition.h"
#include "lib/policy/keys.h"
#include "lib/policy/limits.h"

namespace agentos::policy {
namespace {

using Kind = yaml::Node::Kind;
using Operator = Condition::Operator;

// The words of "a, b": what the describing function says of all flags.
std::vector<std::string> words_of(const std::string& described) {
  std::vector<std::string> words;
  for (std::size_t start = 0; start < described.size();) {
    const std::size_t end = std::min(described.find(", ", start), described.size());
    words.push_back(described.substr(start, end - start));
    start = end + 2;
  }
  return words;
}

bool may_be_empty(Operator op) {
  return op == Operator::kRedirectsTo || op == Operator::kSqlHazards || op == Operator::kTextHazards;
}

bool is_sql(Operator op) { return op >= Operator::kStatements && op <= Operator::kSqlHazards; }

bool read_ports(NodeReader& read, const yaml::Node& node, Condition& condition) {
  if (!read.is(node, Kind::kSequence, "port")) return false;
  if (node.items.empty() || node.items.size() > kPatternsMax) {
    read.complaints().add(node.mark, fmt::format("\"port\" has {} entries", node.items.size()),
                          fmt::format("1 to {}", kPatternsMax));
    return false;
  }
  for (const yaml::Node& item : node.items) {
    condition.integers.push_back(read.integer(item, "an entry of port", 1, 65'535));
  }
  std::ranges::sort(condition.integers);
  return true;
}

// One word of a closed list.
bool read_word(NodeReader& read, const yaml::Node& item, Condition& condition) {
  std::vector<std::string> words;
  if (condition.op == Operator::kScheme) {
    const auto& schemes = key_words(Where::kCondition, "scheme");
    words.assign(schemes.begin(), schemes.end());
  }
  if (condition.op == Operator::kSqlHazards) words = words_of(canonical::describe_sql_hazards(~0U));
  if (condition.op == Operator::kTextHazards) words = words_of(canonical::describe_text_hazards(~0U));
  const std::vector<std::string_view> views(words.begin(), words.end());
  const int which = read.word(item, operator_name(condition.op), views);
  if (which < 0) return false;
  condition.flags |= std::uint32_t{1} << which;
  return true;
}

bool complain(NodeReader& read, const yaml::Node& item, const Condition& condition, const Error& error) {
  read.complaints().add(item.mark, fmt::format("{}: {}", operator_name(condition.op), error.message), error.hint);
  return false;
}

bool read_pattern(NodeReader& read, const yaml::Node& item, Condition& condition) {
  switch (condition.op) {
    case Operator::kScheme:
    case Operator::kSqlHazards:
    case Operator::kTextHazards:
      return read_word(read, item, condition);
    case Operator::kHost: {
      auto pattern = canonical::HostPattern::parse(item.text);
      if (!pattern) return complain(read, item, condition, pattern.error());
      condition.hosts.push_back(std::move(*pattern));
      return true;
    }
    case Operator::kUnder:
      if (!item.text.ends_with('/') || item.text == "/") break;
      return complain(read, item, condition, {ErrorCode::kInvalidArgument, "a folder has no \"/\" at its end", {}});
    default:
      break;
  }
  const bool path = condition.op == Operator::kUnder || condition.op == Operator::kPath ||
                    condition.op == Operator::kUrlPath || condition.op == Operator::kRedirectsTo;
  std::string text = item.text;
  if (condition.op == Operator::kUnder) text += text == "/" ? "**" : "/**";
  auto glob = Glob::compile(text, path ? Glob::Style::kPath : Glob::Style::kName);
  if (!glob) return complain(read, item, condition, glob.error());
  if (is_sql(condition.op)) {
    const std::string_view name = std::string_view(item.text).substr(item.text.rfind('.') + 1);
    auto bare = Glob::compile(name, Glob::Style::kName);
    if (!bare) return complain(read, item, condition, bare.error());
    condition.bare.push_back(std::move(*bare));
  }
  condition.globs.push_back(std::move(*glob));
  return true;
}

Condition implied(std::string_view argument, Operator op, std::string_view rule) {
  Condition condition;
  condition.argument = argument;
  condition.op = op;
  condition.quantity = Condition::Quantity::kEvery;
  finish_form_condition(condition, rule);
  return condition;
}

}  // namespace

bool read_form_operand(NodeReader& read, const yaml::Node& node, Condition& condition) {
  if (condition.op == Operator::kPort) return read_ports(read, node, condition);
  std::vector<const yaml::Node*> items;
  if (condition.op == Operator::kUnder && node.kind == Kind::kString) {
    items = {&node};
  } else if (!may_be_empty(condition.op) || node.kind != Kind::kSequence || !node.items.empty()) {
    items = read.strings(node, operator_name(condition.op));
    if (items.empty()) return false;
  }
  bool good = true;
  for (const yaml::Node* item : items) {
    good = read_pattern(read, *item, condition) && good;
    condition.texts.push_back(item->text);
  }
  return good;
}

void finish_form_condition(Condition& condition, std::string_view rule) {
  condition.type = Condition::Type::kForm;
  condition.mismatch_reason =
      fmt::format("denied: argument \"{}\" has no form that {} could compare", condition.argument, rule);
  condition.would_reason = "would deny: " + condition.mismatch_reason;
  condition.mismatch_message = fmt::format(
      "Policy denies this call: what its argument \"{}\" means cannot be told for certain; write it plainly.",
      condition.argument);
}

void add_implied_conditions(std::string_view argument, std::string_view rule, Condition::Quantity quantity,
                            std::vector<Condition>& conditions) {
  if (quantity != Condition::Quantity::kEvery) return;
  const auto has = [&](auto is) {
    return std::ranges::any_of(conditions,
                               [&](const Condition& one) { return one.argument == argument && is(one.op); });
  };
  if (has([](Operator op) { return op == Operator::kPrograms; }) &&
      !has([](Operator op) { return op == Operator::kRedirectsTo; })) {
    conditions.push_back(implied(argument, Operator::kRedirectsTo, rule));
  }
  if (has(is_sql) && !has([](Operator op) { return op == Operator::kSqlHazards; })) {
    conditions.push_back(implied(argument, Operator::kSqlHazards, rule));
  }
}

}  // namespace agentos::policy
