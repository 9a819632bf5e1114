// Only texts: nothing is looked up.
#include "lib/policy/import/srt_paths.h"

#include <vector>

namespace agentos::policy::importing {

std::optional<std::string> profile_path(std::string_view path, std::string_view home) {
  constexpr std::string_view kCwd = "${cwd}";
  std::string full;
  std::string_view root;
  if (path == "~" || path.starts_with("~/")) {
    if (home.empty() || home[0] != '/') return std::nullopt;
    full = std::string(home) + std::string(path.substr(1));
  } else if (path.starts_with('/')) {
    full = path;
  } else {
    root = kCwd;
    full = "/" + std::string(path);
  }
  if (path.empty() || path.starts_with("${") || path.contains('\0')) return std::nullopt;
  std::vector<std::string_view> parts;
  std::string_view rest = full;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    } else if (!root.empty()) {
      return std::nullopt;
    }
  }
  std::string out(root);
  for (const std::string_view part : parts) out.append("/").append(part);
  if (out.empty()) out = "/";
  return out;
}

PathPattern without_wildcards(std::string_view path) {
  const std::size_t wildcard = path.find_first_of("*?[");
  if (wildcard == std::string_view::npos) return {std::string(path), false};
  const std::size_t slash = path.substr(0, wildcard).rfind('/');
  if (slash == std::string_view::npos) return {".", true};
  return {std::string(slash == 0 ? "/" : path.substr(0, slash)), true};
}

bool lies_in(std::string_view inner, std::string_view outer) {
  if (outer == "/") return inner.starts_with('/');
  return inner == outer || (inner.starts_with(outer) && inner[outer.size()] == '/');
}

}  // namespace agentos::policy::importing
