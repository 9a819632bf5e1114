// Reads the keys of a PolicyDocument 1.0 strictly: what the original would silently ignore is refused by name.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "lib/policy/original/document.h"
#include "lib/policy/original/plain_scalar.h"

namespace agentos::policy::original {

namespace {

using Kind = yaml::Node::Kind;
using Words = std::vector<std::string_view>;

constexpr std::array<std::string_view, 4> kActions = {"allow", "deny", "audit", "block"};
constexpr std::array<std::string_view, 10> kOperators = {"eq",  "ne", "gt",     "lt",      "gte",
                                                         "lte", "in", "not_in", "matches", "contains"};
constexpr std::size_t kTextOctetsMax = 64 * 1024;  // of a name, message or field

// Keys that later versions of the original write. Where they hold what those versions write by themselves they say
// nothing and are passed over; anything else would change what the document means.
bool says_nothing(std::string_view key, const yaml::Node& value) {
  if (value.kind == Kind::kNull) return true;
  if (key == "inherit") return value.kind == Kind::kBool && value.boolean;
  if (key == "override") return value.kind == Kind::kBool && !value.boolean;
  if (key == "network_default") return value.kind == Kind::kString && value.text == "deny";
  if (value.kind == Kind::kSequence) return value.items.empty();
  return value.kind == Kind::kMapping &&
         std::ranges::all_of(value.entries, [](const auto& e) { return e.value.kind == Kind::kNull; });
}

class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file) {}

  Result<Document> read(const yaml::Node& root) {
    if (root.kind != Kind::kMapping) {
      return refuse(root, fmt::format("a policy document is a mapping, not a {}", root.kind_name()),
                    "start with version, name and rules");
    }
    TRY(known_keys(root, "a policy document", {"version", "name", "description", "rules", "defaults"},
                   {"inherit", "scope", "network_allowlist", "tool_allowlist", "sandbox_mounts"}));
    Document document;
    TRY(optional_text(root, "version", document.version));
    TRY(optional_text(root, "name", document.name));
    TRY(optional_text(root, "description", document.description));
    if (const yaml::Node* defaults = root.find("defaults")) document.default_action = TRY(read_defaults(*defaults));
    const yaml::Node* rules = root.find("rules");
    if (rules == nullptr) return document;
    if (rules->kind != Kind::kSequence) return refuse(*rules, wrong_kind("rules", "a list", *rules));
    if (rules->items.size() > kRulesMax) {
      return refuse(*rules, fmt::format("{} rules; there may be {}", rules->items.size(), kRulesMax));
    }
    for (const yaml::Node& rule : rules->items) {
      ++rule_number_;
      document.rules.push_back(TRY(read_rule(rule)));
    }
    return document;
  }

 private:
  std::unexpected<Error> refuse(const yaml::Node& node, std::string_view what, std::string hint = {}) const {
    return refuse_mark(node.mark, what, std::move(hint));
  }
  std::unexpected<Error> refuse_mark(yaml::Mark mark, std::string_view what, std::string hint) const {
    if (rule_number_ == 0) return refuse_at(file_, mark, what, std::move(hint));
    return refuse_at(file_, mark, fmt::format("rule {}: {}", rule_number_, what), std::move(hint));
  }
  static std::string wrong_kind(std::string_view key, std::string_view wanted, const yaml::Node& node) {
    return fmt::format("\"{}\" is {}, not a {}", key, wanted, node.kind_name());
  }
  static std::string suggestion(std::string_view word, const Words& known) {
    const std::string_view near = yaml::nearest(word, known);
    if (!near.empty()) return fmt::format("did you mean \"{}\"?", near);
    return fmt::format("one of: {}", fmt::join(known, ", "));
  }

  Status known_keys(const yaml::Node& mapping, std::string_view where, const Words& known, const Words& later) const {
    for (const auto& entry : mapping.entries) {
      if (std::ranges::find(known, entry.key) != known.end()) continue;
      if (std::ranges::find(later, entry.key) == later.end()) {
        return refuse_mark(entry.mark, fmt::format("unknown key \"{}\" in {}", entry.key, where),
                           suggestion(entry.key, known));
      }
      if (says_nothing(entry.key, entry.value)) continue;
      return refuse_mark(entry.mark,
                         fmt::format("\"{}\" in {} belongs to a later version of the original", entry.key, where),
                         "write it as a native document (docs/guide/original_policies.md)");
    }
    return {};
  }

  Result<const yaml::Node*> required(const yaml::Node& mapping, std::string_view key, std::string_view where) const {
    if (const yaml::Node* node = mapping.find(key)) return node;
    return refuse(mapping, fmt::format("{} has no \"{}\"", where, key), fmt::format("add \"{}:\"", key));
  }

  Result<std::string> text(const yaml::Node& node, std::string_view key) const {
    if (node.kind != Kind::kString) {
      return refuse(node, wrong_kind(key, "text", node), "put it in quotes");
    }
    if (node.text.size() > kTextOctetsMax) {
      return refuse(node, fmt::format("\"{}\" has more than {} octets", key, kTextOctetsMax));
    }
    return node.text;
  }
  Status optional_text(const yaml::Node& mapping, std::string_view key, std::string& out) const {
    if (const yaml::Node* node = mapping.find(key)) out = TRY(text(*node, key));
    return {};
  }

  template <std::size_t kSize>
  Result<std::size_t> word(const yaml::Node& node, std::string_view key,
                           const std::array<std::string_view, kSize>& words) const {
    const Words all(words.begin(), words.end());
    if (node.kind != Kind::kString) return refuse(node, wrong_kind(key, "a word", node), suggestion("", all));
    const auto found = std::ranges::find(words, node.text);
    if (found == words.end()) {
      return refuse(node, fmt::format("unknown {} \"{}\"", key, node.text), suggestion(node.text, all));
    }
    return static_cast<std::size_t>(found - words.begin());
  }

  // As the original takes it: 5, 5.0, True, " +5 ", "5_0", "5.00".
  Result<std::int64_t> integer(const yaml::Node& node, std::string_view key) const {
    constexpr double kExactMax = 9007199254740992.0;
    if (node.kind == Kind::kInt) return node.integer;
    if (node.kind == Kind::kBool) return node.boolean ? 1 : 0;
    if (node.kind == Kind::kDouble && std::trunc(node.number) == node.number && std::abs(node.number) < kExactMax) {
      return static_cast<std::int64_t>(node.number);
    }
    if (node.kind == Kind::kString) {
      if (const auto value = integer_in(node.text)) return *value;
    }
    return refuse(node, fmt::format("\"{}\" is not a whole number", key), "write it without quotes and fraction");
  }
  static std::optional<std::int64_t> integer_in(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    if (text.starts_with('+')) text.remove_prefix(1);
    if (const std::size_t point = text.find('.'); point != std::string_view::npos) {
      if (text.find_first_not_of('0', point + 1) != std::string_view::npos) return std::nullopt;
      text = text.substr(0, point);
    }
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
  }

  Result<Action> read_defaults(const yaml::Node& node) const {
    if (node.kind != Kind::kMapping) return refuse(node, wrong_kind("defaults", "a mapping", node));
    TRY(known_keys(node, "defaults", {"action", "max_tokens", "max_tool_calls", "confidence_threshold"},
                   {"max_cpu", "max_memory_mb", "timeout_seconds", "network_default"}));
    for (const std::string_view key : {"max_tokens", "max_tool_calls"}) {
      if (const yaml::Node* number = node.find(key)) TRY(integer(*number, key));
    }
    if (const yaml::Node* threshold = node.find("confidence_threshold")) {
      const bool number = threshold->kind == Kind::kInt || threshold->kind == Kind::kDouble;
      if (!number) return refuse(*threshold, wrong_kind("confidence_threshold", "a number", *threshold));
    }
    const yaml::Node* action = node.find("action");
    return action == nullptr ? Action::kAllow : static_cast<Action>(TRY(word(*action, "action", kActions)));
  }

  Result<Rule> read_rule(const yaml::Node& node) const {
    if (node.kind != Kind::kMapping)
      return refuse(node, fmt::format("a rule is a mapping, not a {}", node.kind_name()));
    TRY(known_keys(node, "a rule", {"name", "condition", "action", "priority", "message"},
                   {"override", "dynamic_condition"}));
    Rule rule;
    rule.name = TRY(text(*TRY(required(node, "name", "a rule")), "name"));
    rule.action = static_cast<Action>(TRY(word(*TRY(required(node, "action", "a rule")), "action", kActions)));
    if (const yaml::Node* priority = node.find("priority")) rule.priority = TRY(integer(*priority, "priority"));
    TRY(optional_text(node, "message", rule.message));
    TRY(read_condition(*TRY(required(node, "condition", "a rule")), rule));
    return rule;
  }

  Status read_condition(const yaml::Node& node, Rule& rule) const {
    if (node.kind != Kind::kMapping) return refuse(node, wrong_kind("condition", "a mapping", node));
    TRY(known_keys(node, "a condition", {"field", "operator", "value"}, {}));
    rule.field = TRY(text(*TRY(required(node, "field", "a condition")), "field"));
    const yaml::Node& comparison = *TRY(required(node, "operator", "a condition"));
    rule.comparison = static_cast<Operator>(TRY(word(comparison, "operator", kOperators)));
    const yaml::Node& value = *TRY(required(node, "value", "a condition"));
    rule.value = yaml::to_json(value);
    rule.value_mark = value.mark;
    return {};
  }

  std::string_view file_;
  std::size_t rule_number_ = 0;
};

// The same content without positions; strings are text whatever they look like.
yaml::Node to_node(const json::Value& value) {
  yaml::Node node;
  if (value.is_bool()) {
    node.kind = Kind::kBool;
    node.boolean = value.as_bool();
  } else if (value.is_int()) {
    node.kind = Kind::kInt;
    node.integer = value.as_int();
    node.number = value.as_double();
  } else if (value.is_double()) {
    node.kind = Kind::kDouble;
    node.number = value.as_double();
  } else if (value.is_string()) {
    node.kind = Kind::kString;
    node.text = value.as_string();
    node.literal = true;
  } else if (value.is_array()) {
    node.kind = Kind::kSequence;
    for (const json::Value& item : value.as_array()) node.items.push_back(to_node(item));
  } else if (value.is_object()) {
    node.kind = Kind::kMapping;
    for (const auto& [key, member] : value.as_object()) node.entries.push_back({{}, key, to_node(member)});
  }
  return node;
}

}  // namespace

std::unexpected<Error> refuse_at(std::string_view file, yaml::Mark mark, std::string_view what, std::string hint) {
  if (mark.line == 0) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("{}: {}", file, what), std::move(hint));
  }
  return fail(ErrorCode::kInvalidArgument, fmt::format("{}:{}:{}: {}", file, mark.line, mark.column, what),
              std::move(hint));
}

Result<Document> read_document_value(const json::Value& value, std::string_view file) {
  return Reader(file).read(to_node(value));
}

Result<Document> read_document(std::string_view text, std::string_view file) {
  // JSON is not quite YAML 1.1: 1e3 is a number there. So JSON is read as JSON, and as YAML only for positions.
  if (const auto value = json::parse(text, {.depth_max = 64})) {
    auto document = read_document_value(*value, file);
    if (document) return document;
    if (const auto root = yaml::parse(text, file)) {
      if (auto again = Reader(file).read(*root); !again) return again;
    }
    return document;
  }
  yaml::Node root = TRY(yaml::parse(text, file));
  TRY(read_plain_scalars_like_python(root, file));
  return Reader(file).read(root);
}

}  // namespace agentos::policy::original
