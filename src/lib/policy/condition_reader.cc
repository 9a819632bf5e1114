// Operators are typed by what they are compared with: a string or an integer, nothing else, never converted.
#include "lib/policy/condition_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/policy/form_condition.h"
#include "lib/policy/keys.h"
#include "lib/policy/limits.h"

namespace agentos::policy {
namespace {

using Kind = yaml::Node::Kind;
using Operator = Condition::Operator;

// In the order of the operators.
const std::vector<std::string_view>& operator_words() { return key_names(Where::kCondition); }

// A string or an integer, appended; false after a complaint.
bool read_value(NodeReader& read, const yaml::Node& node, std::string_view what, Condition& condition) {
  if (node.kind == Kind::kInt) {
    condition.integers.push_back(node.integer);
    return true;
  }
  if (node.kind != Kind::kString) {
    read.complaints().add(
        node.mark, fmt::format("\"{}\" compares strings and integers, not a {}", what, node.kind_name()),
        node.kind == Kind::kSequence ? "write \"in: [...]\" for a list" : "write it in quotes to compare text");
    return false;
  }
  if (node.text.size() > kValueBytesMax) {
    read.complaints().add(node.mark, fmt::format("\"{}\" of {} octets is too long", what, node.text.size()),
                          fmt::format("at most {}", kValueBytesMax));
    return false;
  }
  condition.texts.push_back(node.text);
  return true;
}

bool read_values(NodeReader& read, const yaml::Node& node, Condition& condition) {
  if (!read.is(node, Kind::kSequence, "in")) return false;
  if (node.items.empty() || node.items.size() > kPatternsMax) {
    read.complaints().add(node.mark, fmt::format("\"in\" has {} values", node.items.size()),
                          fmt::format("1 to {}", kPatternsMax));
    return false;
  }
  for (const yaml::Node& item : node.items) {
    if (!read_value(read, item, "in", condition)) return false;
  }
  if (!condition.texts.empty() && !condition.integers.empty()) {
    read.complaints().add(node.mark, "\"in\" mixes strings and integers", "quote the numbers, or write two rules");
    return false;
  }
  return true;
}

bool read_operand(NodeReader& read, const yaml::Node& node, Condition& condition) {
  const std::string_view word = operator_name(condition.op);
  switch (condition.op) {
    case Operator::kIn:
      return read_values(read, node, condition);
    case Operator::kEquals:
      return read_value(read, node, word, condition);
    case Operator::kPrefix:
      return !read.text(node, word, kValueBytesMax).empty() && read_value(read, node, word, condition);
    default:
      return read.is(node, Kind::kInt, word) && read_value(read, node, word, condition);
  }
}

void read_argument(NodeReader& read, const yaml::Node::Entry& entry, std::string_view rule,
                   Condition::Quantity quantity, std::vector<Condition>& conditions) {
  if (!read.is(entry.value, Kind::kMapping, entry.key)) return;
  if (entry.value.entries.empty()) {
    read.complaints().add(entry.value.mark, fmt::format("\"{}\" has no condition", entry.key),
                          fmt::format("{{equals: ...}}; {}", suggest("", operator_words())));
  }
  read.only_keys(entry.value, fmt::format("the condition on \"{}\"", entry.key), operator_words());
  for (const auto& comparison : entry.value.entries) {
    auto found = std::ranges::find(operator_words(), comparison.key);
    if (found == operator_words().end()) continue;
    Condition condition;
    condition.argument = entry.key;
    condition.op = static_cast<Operator>(found - operator_words().begin());
    if (condition.op >= Condition::kFirstForm) {
      condition.quantity = quantity;
      if (!read_form_operand(read, comparison.value, condition)) continue;
      finish_form_condition(condition, rule);
      conditions.push_back(std::move(condition));
      continue;
    }
    if (!read_operand(read, comparison.value, condition)) continue;
    condition.type = condition.integers.empty() ? Condition::Type::kText : Condition::Type::kInteger;
    std::ranges::sort(condition.texts);
    std::ranges::sort(condition.integers);
    std::string_view wanted = condition.type == Condition::Type::kText ? "a string" : "an integer";
    condition.mismatch_reason =
        fmt::format("denied: argument \"{}\" is not {}, which {} compares it with", entry.key, wanted, rule);
    condition.would_reason = "would deny: " + condition.mismatch_reason;
    condition.mismatch_message =
        fmt::format("Policy denies this call: its argument \"{}\" must be {}.", entry.key, wanted);
    conditions.push_back(std::move(condition));
  }
  add_implied_conditions(entry.key, rule, quantity, conditions);
}

}  // namespace

std::string_view operator_name(Operator op) { return operator_words()[static_cast<std::size_t>(op)]; }

std::vector<Condition> read_conditions(NodeReader& read, const yaml::Node& arguments, std::string_view rule,
                                       Condition::Quantity quantity) {
  std::vector<Condition> conditions;
  if (!read.is(arguments, Kind::kMapping, "arguments")) return conditions;
  if (arguments.entries.empty() || arguments.entries.size() > kArgumentsMax) {
    read.complaints().add(arguments.mark, fmt::format("\"arguments\" names {} arguments", arguments.entries.size()),
                          fmt::format("1 to {}", kArgumentsMax));
    return conditions;
  }
  for (const auto& entry : arguments.entries) {
    if (entry.key.empty() || entry.key.size() > kNameBytesMax) {
      read.complaints().add(entry.mark, "an argument's name has 1 to 128 octets");
      continue;
    }
    read_argument(read, entry, rule, quantity, conditions);
  }
  return conditions;
}

}  // namespace agentos::policy
