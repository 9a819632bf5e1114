// Python's ==, <, in and str() in CEL: true is 1, lists order, text is never a number, and a comparison that Python
// refuses is an error.
#include "lib/policy/import/original_condition.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/policy/limits.h"
#include "lib/policy/original/portable_pattern.h"
#include "lib/policy/original/python_value.h"

namespace agentos::policy::importing {
namespace {

using original::Operator;

constexpr std::size_t kDepthMax = 16;  // of lists in lists of a value
constexpr std::string_view kNotAscii = R"("[^\\x00-\\x7f]")";
constexpr std::string_view kNewlineInside = R"x("(?s:\\n.)")x";

// An expression that always fails.
std::string raised(std::string_view x) { return fmt::format("[false][size([{}])]", x); }

std::string number_text(const json::Value& value) {
  if (value.is_int()) return std::to_string(value.as_int());
  std::string text;
  json::write_double(value.as_double(), text);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

// What Python takes for 1 or 0: a number, and true or false beside it.
bool is_truth(const json::Value& value) {
  return value.is_bool() || (value.is_number() && (value.as_double() == 0.0 || value.as_double() == 1.0));
}
bool truth_of(const json::Value& value) { return value.is_bool() ? value.as_bool() : value.as_double() == 1.0; }

// Whether CEL's == is Python's for it.
bool is_plain_value(const json::Value& value) {
  if (value.is_array()) {
    for (const json::Value& item : value.as_array()) {
      if (!is_plain_value(item)) return false;
    }
    return true;
  }
  return value.is_null() || value.is_string() || (value.is_number() && !is_truth(value));
}

bool has_null(const json::Array& list) {
  return std::ranges::any_of(list, [](const json::Value& item) { return item.is_null(); });
}

std::string plain_text(const json::Value& value) {
  if (value.is_string()) return literal_text(value.as_string());
  if (value.is_number()) return number_text(value);
  if (!value.is_array()) return "null";
  std::string list = "[";
  for (const json::Value& item : value.as_array()) {
    list += (list.size() > 1 ? ", dyn(" : "dyn(") + plain_text(item) + ")";
  }
  return list + "]";
}

class ConditionWriter {
 public:
  std::string equal(const std::string& x, const json::Value& value, std::size_t depth = 0) {
    if (too_long(x, depth)) return "false";
    if (is_truth(value)) {
      return fmt::format("({0} == {1} || {0} == {2})", x, truth_of(value) ? 1 : 0, truth_of(value));
    }
    if (is_plain_value(value)) return fmt::format("{} == {}", x, plain_text(value));
    const bool list = value.is_array();
    std::string text = fmt::format("(type({0}) == {1} && size({0}) == {2}", x, list ? "list" : "map",
                                   list ? value.as_array().size() : value.as_object().size());
    if (list) {
      for (std::size_t i = 0; i < value.as_array().size(); ++i) {
        text += " && " + equal(fmt::format("{}[{}]", x, i), value.as_array()[i], depth + 1);
      }
    } else {
      for (const auto& [key, member] : value.as_object()) {
        const std::string name = literal_text(key);
        text += fmt::format(" && {} in {} && {}", name, x, equal(fmt::format("{}[{}]", x, name), member, depth + 1));
      }
    }
    return text + ")";
  }

  // x OP value, where x is not null.
  std::string ordered(const std::string& x, std::string_view op, const json::Value& value, std::size_t depth = 0) {
    if (too_long(x, depth)) return "false";
    if (value.is_string()) return fmt::format("{} {} {}", x, op, literal_text(value.as_string()));
    if (value.is_bool() || value.is_number()) {
      const std::string number = value.is_bool() ? (value.as_bool() ? "1" : "0") : number_text(value);
      return fmt::format("({0} == true ? 1 : {0} == false ? 0 : {0}) {1} {2}", x, op, number);
    }
    if (!value.is_array()) return raised(x);
    // From the last element back: the first that differs decides, then the length.
    const json::Array& list = value.as_array();
    std::string text = fmt::format("size({}) {} {}", x, op, list.size());
    const bool less = op.starts_with('<');
    for (std::size_t i = list.size(); i-- > 0;) {
      const std::string element = fmt::format("{}[{}]", x, i);
      text = fmt::format("(size({}) <= {} ? {} : {} ? {} : {})", x, i, less, equal(element, list[i], depth + 1), text,
                         ordered(element, op, list[i], depth + 1));
      if (too_long(text, depth)) return "false";
    }
    return fmt::format("(type({0}) == list ? {1} : {2})", x, text, raised(x));
  }

  // x in value.
  std::string member(const Subject& subject, const json::Value& value) {
    const std::string& x = subject.value;
    if (value.is_string()) return fmt::format("{}.contains({})", literal_text(value.as_string()), x);
    if (value.is_object()) {
      json::Array keys;
      for (const auto& [key, unused] : value.as_object()) keys.push_back(json::Value(key));
      std::string among = one_of(x, keys, subject.is_text);
      if (subject.is_text) return among;
      return fmt::format("(type({0}) == list || type({0}) == map ? {1} : {2})", x, raised(x), among);
    }
    return one_of(x, value.as_array(), subject.is_text);
  }

  // value in x.
  std::string containing(const Subject& subject, const json::Value& value) {
    const std::string& x = subject.value;
    const bool text = value.is_string();
    std::string in_text = text ? fmt::format("{}.contains({})", x, literal_text(value.as_string())) : raised(x);
    if (subject.is_text) return in_text;
    std::string in_list = fmt::format("{} in {}", is_plain_value(value) ? plain_text(value) : "null", x);
    if (!is_plain_value(value)) in_list = fmt::format("{}.exists(e, {})", x, equal("e", value));
    std::string in_map = "false";
    if (text) in_map = in_list;
    if (value.is_array() || value.is_object()) in_map = raised(x);
    if (in_map == in_list)
      return fmt::format("(type({0}) == list || type({0}) == map ? {1} : {2})", x, in_list, in_text);
    return fmt::format("(type({0}) == list ? {1} : type({0}) == map ? {2} : {3})", x, in_list, in_map, in_text);
  }

  bool failed() const { return failed_; }

 private:
  bool too_long(const std::string& text, std::size_t depth) {
    if (depth > kDepthMax || text.size() > kExpressionBytesMax) failed_ = true;
    return failed_;
  }

  std::string one_of(const std::string& x, const json::Array& items, bool text) {
    std::string plain, others;
    bool truths[2] = {false, false};
    for (const json::Value& item : items) {
      if (text && !item.is_string()) continue;
      if (is_truth(item)) {
        truths[truth_of(item) ? 1 : 0] = true;
      } else if (is_plain_value(item)) {
        const std::string one = plain_text(item);
        plain += (plain.empty() ? "" : ", ") + (text || item.is_string() ? one : "dyn(" + one + ")");
      } else {
        others += (others.empty() ? "" : " || ") + equal(x, item, 1);
      }
    }
    for (const bool one : {false, true}) {
      if (truths[one ? 1 : 0]) plain += fmt::format("{}dyn({}), dyn({})", plain.empty() ? "" : ", ", one ? 1 : 0, one);
    }
    if (plain.empty() && others.empty()) return "false";
    if (plain.empty()) return "(" + others + ")";
    std::string in_plain = fmt::format("{} in [{}]", x, plain);
    return others.empty() ? in_plain : fmt::format("({} || {})", in_plain, others);
  }

  bool failed_ = false;
};

// Python's str() of x, which is no text; an error for objects and for lists with more than plain texts in them.
std::string shown(const std::string& x) {
  constexpr std::string_view kSimple = R"("^[ -&(-\\[\\]-~]*$")";
  return fmt::format(
      "({0} == true ? \"True\" : {0} == false ? \"False\" : type({0}) == int ? string({0}) : "
      "type({0}) == list ? ({0}.all(e, type(e) == string && e.matches({1})) ? "
      "(size({0}) == 0 ? \"[]\" : \"['\" + {0}.join(\"', '\") + \"']\") : string({2})) : "
      "math.abs({0}) >= 1e15 || (math.abs({0}) < 0.0001 && {0} != 0.0) ? string({2}) : "
      "math.trunc({0}) == {0} ? string(int({0})) + \".0\" : string({0}))",
      x, kSimple, raised(x));
}

// Whether the pattern is found in `text`, an expression.
std::string found(const original::PortablePattern& pattern, const std::string& text, const std::string& failing) {
  std::string answer = fmt::format("{}.matches({})", text, literal_text(pattern.text));
  std::string apart;
  if (pattern.parts_outside_ascii) apart += fmt::format("{}.matches({})", text, kNotAscii);
  if (pattern.parts_with_newlines) {
    apart += fmt::format("{}{}.matches({})", apart.empty() ? "" : " || ", text, kNewlineInside);
  }
  if (pattern.parts_when_empty) apart += fmt::format("{}{} == \"\"", apart.empty() ? "" : " || ", text);
  return apart.empty() ? answer : fmt::format("({} ? {} : {})", apart, failing, answer);
}

std::string_view symbol_of(Operator comparison) {
  switch (comparison) {
    case Operator::kGreater:
      return ">";
    case Operator::kLess:
      return "<";
    case Operator::kGreaterOrEqual:
      return ">=";
    default:
      return "<=";
  }
}

// Whether Python refuses the comparison for everything the field can be.
bool always_raises(const original::Rule& rule, const Subject& subject) {
  const json::Value& value = rule.value;
  switch (rule.comparison) {
    case Operator::kGreater:
    case Operator::kLess:
    case Operator::kGreaterOrEqual:
    case Operator::kLessOrEqual:
      return value.is_null() || value.is_object() || (subject.is_text && !value.is_string());
    case Operator::kIn:
    case Operator::kNotIn:
      return value.is_null() || value.is_bool() || value.is_number();
    case Operator::kContains:
      return subject.is_text && !value.is_string();
    default:
      return false;
  }
}

Status write_matches(const original::Rule& rule, const Subject& subject, Condition& condition) {
  std::string pattern;
  original::append_str(rule.value, pattern);
  const original::PortablePattern portable = TRY(original::portable_pattern(pattern));
  const std::string& x = subject.value;
  const std::string of_text = found(portable, x, raised(x));
  condition.when = of_text;
  if (!subject.is_text) {
    condition.when = fmt::format("(type({}) == string ? {} : {})", x, of_text, found(portable, shown(x), raised(x)));
    condition.differs =
        "an argument that is an object, a list with other things than plain texts, or a fraction with an "
        "exponent is denied, not matched";
  }
  if (portable.parts_outside_ascii || portable.parts_with_newlines || portable.parts_when_empty) {
    condition.differs += fmt::format("{}a text {} is denied, not matched: the pattern means something else there",
                                     condition.differs.empty() ? "" : "; ",
                                     portable.parts_outside_ascii   ? "with characters outside of ASCII"
                                     : portable.parts_with_newlines ? "with a newline inside"
                                                                    : "without characters");
  }
  return {};
}

}  // namespace

std::string literal_text(std::string_view text) {
  constexpr char kDelete = 0x7f;  // JSON leaves it as it is, and a document of YAML cannot hold it
  std::string written, out;
  json::write_string(text, written);
  for (const char c : written) {
    if (c == kDelete) {
      out += "\\u007f";
    } else {
      out += c;
    }
  }
  return out;
}

Result<Condition> condition_of(const original::Rule& rule, const Subject& subject) {
  Condition condition;
  ConditionWriter writer;
  const std::string& x = subject.value;
  const json::Value& value = rule.value;
  bool null_matters = true;  // null could match, or fail
  if (always_raises(rule, subject)) {
    condition.raises = true;
  } else if (rule.comparison == Operator::kEqual || rule.comparison == Operator::kNotEqual) {
    const bool never = subject.is_text && !value.is_string();
    condition.when = never ? "false" : writer.equal(x, value);
    null_matters = rule.comparison == Operator::kNotEqual || value.is_null();
    if (rule.comparison == Operator::kNotEqual) {
      condition.when = never                   ? "true"
                       : is_plain_value(value) ? fmt::format("{} != {}", x, plain_text(value))
                                               : "!" + condition.when;
    }
  } else if (rule.comparison == Operator::kIn || rule.comparison == Operator::kNotIn) {
    condition.when = writer.member(subject, value);
    null_matters = rule.comparison == Operator::kNotIn || !value.is_array() || has_null(value.as_array());
    if (rule.comparison == Operator::kNotIn) condition.when = fmt::format("!({})", condition.when);
  } else if (rule.comparison == Operator::kContains) {
    condition.when = writer.containing(subject, value);
  } else if (rule.comparison == Operator::kMatches) {
    TRY(write_matches(rule, subject, condition));
  } else {
    condition.when = writer.ordered(x, symbol_of(rule.comparison), value);
  }
  std::string guard = subject.present;
  if (subject.may_be_null && null_matters) guard += fmt::format("{}{} != null", guard.empty() ? "" : " && ", x);
  if (condition.when == "true" || condition.raises) {
    condition.when = guard;
  } else if (!guard.empty()) {
    condition.when = guard + " && " + condition.when;
  }
  if (writer.failed() || condition.when.size() > kExpressionBytesMax) {
    return fail(ErrorCode::kTooLarge, "the comparison is too long for an expression",
                fmt::format("at most {} octets: split the rule", kExpressionBytesMax));
  }
  return condition;
}

}  // namespace agentos::policy::importing
