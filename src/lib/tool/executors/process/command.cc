// Replaces placeholder words by arguments.
#include "lib/tool/executors/process/command.h"

#include <algorithm>

#include <fmt/format.h>

namespace agentos::tool {
namespace {

bool is_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::unexpected<Error> does_not_fit(std::string_view name, std::string_view why) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("the argument \"{}\" {}", name, why));
}

Result<std::string> word_of(std::string_view name, const json::Value& value) {
  if (value.is_bool()) return std::string(value.as_bool() ? "true" : "false");
  if (value.is_number()) return json::write(value);
  if (!value.is_string()) {
    return does_not_fit(name, fmt::format("is of type {} and cannot be one word", value.type_name()));
  }
  const std::string& text = value.as_string();
  if (text.find('\0') != std::string::npos) return does_not_fit(name, "has a NUL character");
  if (text.size() > kWordBytesMax) {
    return does_not_fit(name, fmt::format("has {} octets; a word has at most {}", text.size(), kWordBytesMax));
  }
  return text;
}

Status spread(std::string_view name, const json::Value& value, std::vector<std::string>& words) {
  if (!value.is_array()) return does_not_fit(name, fmt::format("is of type {}, not an array", value.type_name()));
  for (const json::Value& item : value.as_array()) {
    if (!item.is_string()) return does_not_fit(name, fmt::format("holds a {}, not strings only", item.type_name()));
    words.push_back(TRY(word_of(name, item)));
    if (words.size() > kExpandedWordsMax) return does_not_fit(name, "makes the command too long");
  }
  return {};
}

}  // namespace

std::optional<Placeholder> placeholder_of(std::string_view word) {
  if (word.size() < 3 || word.front() != '{' || word.back() != '}') return std::nullopt;
  Placeholder placeholder{.name = word.substr(1, word.size() - 2)};
  if (placeholder.name.ends_with("...")) {
    placeholder.kind = Placeholder::Kind::kSpread;
    placeholder.name.remove_suffix(3);
  } else if (placeholder.name.ends_with('?')) {
    placeholder.kind = Placeholder::Kind::kOptional;
    placeholder.name.remove_suffix(1);
  }
  if (!is_name(placeholder.name)) return std::nullopt;
  return placeholder;
}

bool has_placeholder(const std::vector<std::string>& command) {
  return std::ranges::any_of(command, [](const std::string& word) { return placeholder_of(word).has_value(); });
}

Result<std::vector<std::string>> expand_command(const std::vector<std::string>& command, const json::Value& arguments) {
  std::vector<std::string> words;
  for (const std::string& word : command) {
    const auto placeholder = placeholder_of(word);
    if (!placeholder) {
      words.push_back(word);
      continue;
    }
    const json::Value* value = arguments.find(placeholder->name);
    const bool absent = value == nullptr || value->is_null();
    if (absent && placeholder->kind == Placeholder::Kind::kOne) return does_not_fit(placeholder->name, "is missing");
    if (absent) continue;
    if (placeholder->kind == Placeholder::Kind::kSpread) {
      TRY(spread(placeholder->name, *value, words));
    } else {
      words.push_back(TRY(word_of(placeholder->name, *value)));
    }
  }
  if (words.size() > kExpandedWordsMax) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("the command has {} words", words.size()));
  }
  return words;
}

}  // namespace agentos::tool
