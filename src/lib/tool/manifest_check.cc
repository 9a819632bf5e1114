// Bounds and placeholders of a manifest. A tool whose command the arguments could choose is refused here.
#include "lib/tool/manifest_check.h"

#include <algorithm>

#include <fmt/format.h>

#include "lib/tool/executors/process/command.h"

namespace agentos::tool {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_name_character(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || std::string_view("_.:/-").find(c) != std::string_view::npos;
}

std::unexpected<Error> invalid(std::string message, std::string hint = {}) {
  return fail(ErrorCode::kInvalidArgument, std::move(message), std::move(hint));
}

Status check_range(std::string_view what, std::int64_t value, std::int64_t maximum) {
  if (value >= 1 && value <= maximum) return {};
  return invalid(fmt::format("{} is {}", what, value), fmt::format("it lies between 1 and {}", maximum));
}

bool is_required(const json::Value& schema, std::string_view name) {
  const json::Value* required = schema.find("required");
  if (required == nullptr || !required->is_array()) return false;
  return std::ranges::any_of(required->as_array(),
                             [name](const json::Value& v) { return v.is_string() && v.as_string() == name; });
}

}  // namespace

Status check_name(std::string_view name) {
  constexpr const char* kHint = "a name starts with a letter and has letters, digits and _ . : / - only";
  if (name.empty()) return invalid("the tool has no name", kHint);
  if (name.size() > kNameBytesMax) {
    return invalid(fmt::format("the tool's name has {} octets", name.size()),
                   fmt::format("a name has at most {} octets", kNameBytesMax));
  }
  if (!is_letter(name.front()) || !std::ranges::all_of(name, is_name_character)) {
    return invalid(fmt::format("\"{}\" is no tool name", json::to_valid_utf8(name)), kHint);
  }
  return {};
}

Status check_bounds(const Manifest& manifest) {
  if (manifest.summary.size() > kSummaryBytesMax) {
    return invalid(fmt::format("the summary has {} octets", manifest.summary.size()),
                   fmt::format("a summary has at most {} octets", kSummaryBytesMax));
  }
  for (const auto& [name, cost] :
       {std::pair{"cost_tokens", manifest.cost_tokens}, std::pair{"cost_money_micros", manifest.cost_money_micros}}) {
    if (cost >= 0 && cost <= kCostMax) continue;
    return invalid(fmt::format("\"{}\" is {}", name, cost), fmt::format("between 0 and {}", kCostMax));
  }
  TRY(check_range("timeout_ms", manifest.timeout_ms, kTimeoutMsMax));
  TRY(check_range("output_bytes_max", manifest.output_bytes_max, kOutputBytesMax));
  for (const auto* paths : {&manifest.read_paths, &manifest.write_paths}) {
    if (paths->size() > kPathsMax) return invalid(fmt::format("there are {} paths in one list", paths->size()));
    for (const std::string& path : *paths) {
      if (path.starts_with('/') || path.starts_with("${")) continue;
      return invalid(fmt::format("the path \"{}\" is not absolute", path), "write it from \"/\"");
    }
  }
  return {};
}

Status check_command(const Manifest& manifest) {
  if (manifest.command.empty())
    return invalid("the tool has no command", "give the program and its arguments as a list");
  if (manifest.command.size() > kCommandWordsMax) {
    return invalid(fmt::format("the command has {} words", manifest.command.size()),
                   fmt::format("a command has at most {} words", kCommandWordsMax));
  }
  if (manifest.command.front().empty() || placeholder_of(manifest.command.front())) {
    return invalid("the program of the command is not fixed", "name the program; arguments cannot choose it");
  }
  const json::Value* properties = manifest.input_schema.find("properties");
  for (const std::string& word : manifest.command) {
    if (word.find('\0') != std::string::npos) return invalid("a word of the command has a NUL");
    const auto placeholder = placeholder_of(word);
    if (!placeholder) continue;
    if (properties == nullptr || properties->find(placeholder->name) == nullptr) {
      return invalid(fmt::format("the command uses \"{}\", which input_schema does not describe", word),
                     fmt::format("add \"{}\" to input_schema.properties", placeholder->name));
    }
    if (placeholder->kind == Placeholder::Kind::kOne && !is_required(manifest.input_schema, placeholder->name)) {
      return invalid(fmt::format("the command uses \"{}\", which may be absent", word),
                     fmt::format("add \"{0}\" to input_schema.required, or write {{{0}?}}", placeholder->name));
    }
  }
  return {};
}

// An MCP server chooses its tools' names; they may begin with a digit or a sign.
Status check_mcp_name(std::string_view name) {
  if (!name.empty() && name.size() <= kNameBytesMax && std::ranges::all_of(name, is_name_character)) return {};
  return invalid(fmt::format("\"{}\" is no tool name", json::to_valid_utf8(name.substr(0, kNameBytesMax))),
                 fmt::format("a name has 1 to {} letters, digits and _ . : / -", kNameBytesMax));
}

Status check_manifest(const Manifest& manifest) {
  TRY(manifest.runs == Runs::kMcp ? check_mcp_name(manifest.name) : check_name(manifest.name));
  TRY(check_bounds(manifest));
  if (manifest.runs == Runs::kProcess) TRY(check_command(manifest));
  return {};
}

}  // namespace agentos::tool
