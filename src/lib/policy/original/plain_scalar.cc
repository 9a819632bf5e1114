// One matcher for each YAML 1.1 type, asked in PyYAML's order.
#include "lib/policy/original/plain_scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/regex/pattern.h"

namespace agentos::policy::original {

namespace {

using Kind = yaml::Node::Kind;

regex::Pattern compiled(std::string_view expression) {
  auto pattern = regex::Pattern::compile(expression);
  CHECK(pattern);
  return std::move(*pattern);
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

bool is_null(std::string_view text) { return is_one_of(text, {"", "~", "null", "Null", "NULL"}); }
bool is_true(std::string_view text) {
  return is_one_of(text, {"yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"});
}
bool is_false(std::string_view text) {
  return is_one_of(text, {"no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"});
}
bool is_float(std::string_view text) {
  static const regex::Pattern kFloat =
      compiled("[-+]?[0-9][0-9_]*\\.[0-9_]*(?:[eE][-+][0-9]+)?|\\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?");
  return kFloat.full_match(text);
}
bool is_integer(std::string_view text) {
  static const regex::Pattern kInteger = compiled("[-+]?(?:0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+)");
  return kInteger.full_match(text);
}
bool is_unspeakable(std::string_view text) {
  static const regex::Pattern kNotFinite = compiled("[-+]?\\.(?:inf|Inf|INF)|\\.(?:nan|NaN|NAN)");
  return kNotFinite.full_match(text) || text == "=" || text == "<<";
}
bool is_sexagesimal(std::string_view text) {
  static const regex::Pattern kSexagesimal =
      compiled("[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\\.[0-9_]*");
  return kSexagesimal.full_match(text);
}
bool is_date(std::string_view text) {
  static const regex::Pattern kDate = compiled(
      "[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \\t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}"
      "(?:\\.[0-9]*)?(?:[ \\t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))?");
  return kDate.full_match(text);
}
bool is_text(std::string_view text) {
  return !is_null(text) && !is_true(text) && !is_false(text) && !is_float(text) && !is_integer(text) &&
         !is_unspeakable(text) && !is_sexagesimal(text) && !is_date(text);
}

std::string without_underscores(std::string_view text) {
  std::string out;
  std::ranges::copy_if(text, std::back_inserter(out), [](char c) { return c != '_'; });
  return out;
}

// Precondition: is_integer(text).
bool set_integer(std::string_view text, yaml::Node& node) {
  std::string digits = without_underscores(text);
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.erase(0, 1);
  int base = 10;
  if (digits.starts_with("0b") || digits.starts_with("0x")) {
    base = digits[1] == 'b' ? 2 : 16;
    digits.erase(0, 2);
  } else if (digits.size() > 1 && digits[0] == '0') {
    base = 8;
  }
  if (negative) digits.insert(0, "-");
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, node.integer, base);
  node.kind = Kind::kInt;
  node.number = static_cast<double>(node.integer);
  return error == std::errc() && stop == end;
}

// Precondition: is_float(text).
bool set_float(std::string_view text, yaml::Node& node) {
  std::string digits = without_underscores(text);
  if (digits.starts_with('+')) digits.erase(0, 1);
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, node.number);
  node.kind = Kind::kDouble;
  return error == std::errc() && stop == end && std::isfinite(node.number);
}

Status read_scalar(yaml::Node& node, std::string_view file) {
  const std::string_view text = node.text;
  const auto refuse = [&](std::string_view what, std::string_view hint = "put it in quotes if it is text") {
    return yaml::fail_at(file, node.mark, "the value " + std::string(text.substr(0, 40)) + " " + std::string(what),
                         std::string(hint));
  };
  if (is_null(text)) {
    node.kind = Kind::kNull;
  } else if (is_true(text) || is_false(text)) {
    node.kind = Kind::kBool;
    node.boolean = is_true(text);
  } else if (is_float(text)) {
    if (!set_float(text, node)) return refuse("is out of range");
  } else if (is_sexagesimal(text)) {
    return refuse("is a number of base 60 to the original", "put it in quotes, or write the number in base 10");
  } else if (is_integer(text)) {
    if (!set_integer(text, node)) return refuse("is out of range");
  } else if (is_date(text)) {
    return refuse("is a date to the original, which nothing compares with");
  } else if (is_unspeakable(text)) {
    return refuse("has no meaning here");
  } else {
    node.kind = Kind::kString;
  }
  return {};
}

}  // namespace

Status read_plain_scalars_like_python(yaml::Node& node, std::string_view file) {
  for (yaml::Node& item : node.items) TRY(read_plain_scalars_like_python(item, file));
  for (yaml::Node::Entry& entry : node.entries) {
    if (!is_text(entry.key)) {
      return yaml::fail_at(file, entry.mark, "the key " + entry.key.substr(0, 40) + " is no text to the original",
                           "keys are words");
    }
    TRY(read_plain_scalars_like_python(entry.value, file));
  }
  if (node.literal || node.kind == Kind::kSequence || node.kind == Kind::kMapping) return {};
  return read_scalar(node, file);
}

}  // namespace agentos::policy::original
