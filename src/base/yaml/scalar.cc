// Plain scalars by hand-written matchers of the core schema's regular expressions.
#include "base/yaml/scalar.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace agentos::yaml {
namespace {

constexpr std::string_view kCoreTags = "tag:yaml.org,2002:";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool all_digits(std::string_view text, int base) {
  const auto fits = [base](char c) {
    if (base == 16) return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    return c >= '0' && c < '0' + base;
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), fits);
}

std::string_view without_sign(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return text;
}

std::size_t digits_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - at;
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_float(std::string_view text) {
  text = without_sign(text);
  std::size_t at = digits_at(text, 0);
  const bool whole = at > 0;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = digits_at(text, at + 1);
    if (!whole && fraction == 0) return false;
    at += 1 + fraction;
  } else if (!whole) {
    return false;
  }
  if (at == text.size()) return true;
  if (text[at] != 'e' && text[at] != 'E') return false;
  ++at;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  const std::size_t exponent = digits_at(text, at);
  return exponent > 0 && at + exponent == text.size();
}

bool is_not_finite(std::string_view text) {
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return true;
  text = without_sign(text);
  return text == ".inf" || text == ".Inf" || text == ".INF";
}

std::unexpected<Error> out_of_range(std::string_view text, const char* what) {
  return fail(ErrorCode::kMalformed, std::string(what) + " " + std::string(text.substr(0, 40)) + " is out of range",
              "put it in quotes if it is a string");
}

Status set_integer(std::string_view digits, int base, Node& node) {
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), node.integer, base);
  if (error != std::errc() || end != digits.data() + digits.size()) return out_of_range(node.text, "integer");
  node.kind = Node::Kind::kInt;
  node.number = static_cast<double>(node.integer);
  return {};
}

Status set_float(std::string_view text, Node& node) {
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), node.number);
  if (error == std::errc::result_out_of_range || !std::isfinite(node.number)) return out_of_range(text, "number");
  if (error != std::errc() || end != digits.data() + digits.size()) return out_of_range(text, "number");
  node.kind = Node::Kind::kDouble;
  return {};
}

}  // namespace

Status resolve_plain(std::string_view text, Node& node) {
  node.text = text;
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
    node.kind = Node::Kind::kNull;
    return {};
  }
  if (text == "true" || text == "True" || text == "TRUE" || text == "false" || text == "False" || text == "FALSE") {
    node.kind = Node::Kind::kBool;
    node.boolean = text[0] == 't' || text[0] == 'T';
    return {};
  }
  if (all_digits(without_sign(text), 10)) return set_integer(text, 10, node);
  if (text.starts_with("0o") && all_digits(text.substr(2), 8)) return set_integer(text.substr(2), 8, node);
  if (text.starts_with("0x") && all_digits(text.substr(2), 16)) return set_integer(text.substr(2), 16, node);
  if (is_float(text)) return set_float(text, node);
  if (is_not_finite(text)) return out_of_range(text, "number");
  node.kind = Node::Kind::kString;
  return {};
}

Status resolve_tagged(std::string_view text, std::string_view tag, ScalarForm form, Node& node) {
  if (tag.empty() && form == ScalarForm::kPlain) return resolve_plain(text, node);
  if (tag.empty() || tag == "!" || tag == "tag:yaml.org,2002:str") {
    node.kind = Node::Kind::kString;
    node.text = text;
    node.literal = true;
    return {};
  }
  if (!tag.starts_with(kCoreTags)) {
    return fail(ErrorCode::kMalformed, "the tag " + std::string(tag) + " has no meaning here", "leave the tag out");
  }
  TRY(resolve_plain(text, node));
  const std::string_view wanted = tag.substr(kCoreTags.size());
  if (wanted == "float" && node.kind == Node::Kind::kInt) node.kind = Node::Kind::kDouble;
  const bool agrees =
      (wanted == "null" && node.kind == Node::Kind::kNull) || (wanted == "bool" && node.kind == Node::Kind::kBool) ||
      (wanted == "int" && node.kind == Node::Kind::kInt) || (wanted == "float" && node.kind == Node::Kind::kDouble);
  if (agrees) return {};
  return fail(ErrorCode::kMalformed, "the tag !!" + std::string(wanted) + " does not fit this value",
              "leave the tag out");
}

}  // namespace agentos::yaml
