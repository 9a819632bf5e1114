// Walks a value step by step; the path is checked to its end even when the value ends earlier.
#include "lib/tool/executors/builtin/query.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include <fmt/format.h>

namespace agentos::tool {
namespace {

std::unexpected<Error> refuse(std::size_t at, std::string_view what) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("path, at {}: {}", at + 1, what),
              "use a JSON Pointer as /a/b/0, or a path as a.b[0]");
}

// RFC 6901 section 4: digits without a leading zero.
std::optional<std::size_t> index_of(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return index;
}

const json::Value* element(const json::Value* value, std::optional<std::size_t> index) {
  if (value == nullptr || !value->is_array() || !index || *index >= value->as_array().size()) return nullptr;
  return &value->as_array()[*index];
}

const json::Value* member(const json::Value* value, std::string_view name) {
  return value == nullptr ? nullptr : value->find(name);
}

Result<std::string> unescape(std::string_view token, std::size_t at) {
  std::string name;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      name += token[i];
      continue;
    }
    const char next = i + 1 < token.size() ? token[i + 1] : '\0';
    if (next != '0' && next != '1') return refuse(at + i, "\"~\" must be followed by 0 or 1");
    name += next == '0' ? '~' : '/';
    ++i;
  }
  return name;
}

Result<const json::Value*> find_by_pointer(const json::Value& document, std::string_view path) {
  const json::Value* value = &document;
  std::size_t start = 1;
  while (start <= path.size()) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string name = TRY(unescape(path.substr(start, end - start), start));
    value = value != nullptr && value->is_array() ? element(value, index_of(name)) : member(value, name);
    start = end + 1;
  }
  return value;
}

Result<const json::Value*> find_by_path(const json::Value& document, std::string_view path) {
  const json::Value* value = &document;
  std::size_t at = 0;
  bool name_expected = path.front() != '[';
  while (at < path.size() || name_expected) {
    if (name_expected) {
      const std::size_t end = std::min(path.find_first_of(".[]", at), path.size());
      if (end == at) return refuse(at, "a name is missing");
      value = member(value, path.substr(at, end - at));
      at = end;
      name_expected = false;
    } else if (path[at] == '.') {
      ++at;
      name_expected = true;
    } else if (path[at] == '[') {
      const std::size_t end = path.find(']', at);
      if (end == std::string_view::npos) return refuse(at, "\"[\" is never closed");
      const auto index = index_of(path.substr(at + 1, end - at - 1));
      if (!index) return refuse(at + 1, "an index is missing or is not a number");
      value = element(value, index);
      at = end + 1;
    } else {
      return refuse(at, "\".\" or \"[\" is missing");
    }
  }
  return value;
}

}  // namespace

Result<const json::Value*> find_at(const json::Value& document, std::string_view path) {
  if (path.empty()) return &document;
  return path.front() == '/' ? find_by_pointer(document, path) : find_by_path(document, path);
}

}  // namespace agentos::tool
