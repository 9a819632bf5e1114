// What the checker says of mistakes: what is wrong, with both types, and the word or form that was probably meant.
#include <algorithm>

#include <fmt/format.h>
#include "lib/policy/cel/check/checker.h"
#include "lib/policy/cel/text.h"

namespace agentos::cel {
namespace {

constexpr std::size_t kFormsShownMax = 6;

std::string list_of_types(std::span<const Type> types, const Substitution& substitution) {
  std::string text;
  for (const Type& type : types) text += (text.empty() ? "" : ", ") + substitution.finish(type).to_string();
  return text;
}

// The operator as it is written, or the function's name.
std::string shown_name(std::string_view name) {
  if (name == operators::kIn) return "in";
  if (name == operators::kConditional) return "?:";
  if (name == operators::kIndex || name == operators::kOptionalIndex) return "[]";
  if (!name.starts_with('_') && !name.ends_with('_')) return std::string(name);
  std::string text;
  for (const char c : name)
    if (c != '_') text += c;
  return text;
}

std::string shown_form(const Overload& overload, std::string_view name, const Substitution& substitution) {
  std::span<const Type> parameters = overload.parameters;
  if (overload.style == CallStyle::kGlobal) return fmt::format("{}({})", name, list_of_types(parameters, substitution));
  return fmt::format("{}.{}({})", substitution.finish(parameters[0]).to_string(), name,
                     list_of_types(parameters.subspan(1), substitution));
}

}  // namespace

std::string suggestion(std::string_view wanted, std::span<const std::string_view> words) {
  const std::string_view nearest = nearest_word(wanted, words);
  if (!nearest.empty()) return fmt::format("did you mean '{}'?", nearest);
  if (words.empty() || words.size() > 12) return {};
  std::string known;
  for (const std::string_view word : words) known += (known.empty() ? "" : ", ") + std::string(word);
  return fmt::format("known here: {}", known);
}

Type Checker::fail(NodeId id, std::string message, std::string hint) {
  const Position& place = ast_[id].position;
  if (mode_ == CheckMode::kStrict && issues_.size() < limits_.issues_max)
    issues_.push_back({place.line, place.column, std::move(message), std::move(hint)});
  return Type::dyn();
}

Type Checker::fail_unknown_name(NodeId id, std::string_view name) {
  if (mode_ == CheckMode::kLenient) return Type::dyn();
  std::vector<std::string_view> words;
  for (const Local& local : locals_)
    if (!local.name.starts_with('@')) words.push_back(local.name);
  for (const Variable& variable : environment_.variables()) words.push_back(variable.name);
  if (environment_.find_function(name) != nullptr)
    return fail(id, fmt::format("'{}' is a function", name), fmt::format("call it: {}(...)", name));
  return fail(id, fmt::format("unknown variable '{}'", name), suggestion(name, words));
}

Type Checker::fail_unknown_function(NodeId id, std::string_view name, CallStyle style) {
  if (mode_ == CheckMode::kLenient) return Type::dyn();
  std::vector<std::string_view> words;
  for (const std::string_view known : environment_.function_names()) {
    const Function* function = environment_.find_function(known);
    const bool fits =
        std::ranges::any_of(function->overloads, [&](const Overload& each) { return each.style == style; });
    if (fits && !known.starts_with('_') && known.find('@') == std::string_view::npos) words.push_back(known);
  }
  if (style == CallStyle::kMember)
    for (const std::string_view macro : {"all", "exists", "exists_one", "map", "filter"}) words.push_back(macro);
  const std::string_view what = style == CallStyle::kMember ? "method" : "function";
  return fail(id, fmt::format("unknown {} '{}'", what, name), suggestion(name, words));
}

Type Checker::fail_overload(NodeId id, const Function& function, const std::vector<Type>& arguments) {
  if (mode_ == CheckMode::kLenient) return Type::dyn();
  const bool member = ast_[id].operand != kNoNode;
  const std::string name = shown_name(function.name);
  std::string forms;
  std::size_t shown = 0;
  for (const Overload& overload : function.overloads) {
    if (overload.style != (member ? CallStyle::kMember : CallStyle::kGlobal) || function.name.starts_with('_'))
      continue;
    if (++shown > kFormsShownMax) break;
    forms += (forms.empty() ? "" : ", ") + shown_form(overload, name, types_);
  }
  std::string given = list_of_types(arguments, types_);
  if (member)
    given = fmt::format("{}.{}({})", types_.finish(arguments[0]).to_string(), name,
                        list_of_types(std::span(arguments).subspan(1), types_));
  const std::string message =
      member ? fmt::format("there is no {}", given) : fmt::format("'{}' does not take ({})", name, given);
  return fail(id, message, forms.empty() ? "" : "there is " + forms);
}

}  // namespace agentos::cel
