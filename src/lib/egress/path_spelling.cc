// The path is looked at as it is, and after each decoding, as servers see it that decode as often.
#include "lib/egress/path_spelling.h"

#include <algorithm>
#include <array>
#include <string>

#include "lib/egress/head_fields.h"

namespace agentos::egress {
namespace {

constexpr const char* kDots = "the path hides \"..\" behind an encoded slash or a parameter";
constexpr const char* kEmpty = "the path hides an empty part behind an encoded slash or a parameter";
constexpr const char* kTooDeep = "the path is encoded again and again";
constexpr const char* kOverlong = "the path has an escape that is no UTF-8";
constexpr std::array<std::string_view, 11> kOverriding = {
    "x-http-method-override", "x-http-method",   "x-method-override", "x-original-method",
    "x-original-url",         "x-original-uri",  "x-rewrite-url",     "x-override-url",
    "x-forwarded-method",     "x-forwarded-uri", "x-forwarded-path"};

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Every escape decoded once; what is no escape stays.
std::string decoded(std::string_view path) {
  std::string out;
  for (std::size_t at = 0; at < path.size(); ++at) {
    const bool escape = path[at] == '%' && at + 2 < path.size() && digit(path[at + 1]) >= 0 && digit(path[at + 2]) >= 0;
    out += escape ? static_cast<char>(digit(path[at + 1]) * 16 + digit(path[at + 2])) : path[at];
    if (escape) at += 2;
  }
  return out;
}

// Octets that begin nothing: two-octet forms of what has one octet, a slash and a dot among them, and IIS' "%u002f".
bool has_overlong(std::string_view path) {
  return path.find('\xc0') != std::string_view::npos || path.find('\xc1') != std::string_view::npos ||
         path.find("%u") != std::string_view::npos || path.find("%U") != std::string_view::npos;
}

// An address in a path ("/fetch/https%3A%2F%2Fexample.com") has an empty part, too.
const char* look_at(std::string_view path) {
  std::string_view before;
  for (std::size_t at = path.starts_with('/') ? 1 : 0; at <= path.size();) {
    const std::size_t end = std::min(path.find_first_of("/\\", at), path.size());
    const std::string_view part = path.substr(at, end - at);
    const std::string_view name = part.substr(0, part.find(';'));
    if (name == "." || name == "..") return kDots;
    if (name.empty() && (end < path.size() || !part.empty()) && !before.ends_with(':')) return kEmpty;
    before = name;
    at = end + 1;
  }
  return nullptr;
}

}  // namespace

const char* hidden_way(std::string_view path) {
  std::string current(path);
  for (int i = 0; i <= kDecodingsMax; ++i) {
    if (has_overlong(current)) return kOverlong;
    if (const char* why = look_at(current)) return why;
    std::string next = decoded(current);
    if (next == current) return nullptr;
    current = std::move(next);
  }
  return kTooDeep;
}

// Gateways read "_" as "-".
bool overrides_request_line(std::string_view field_name) {
  std::string name(field_name);
  std::replace(name.begin(), name.end(), '_', '-');
  return std::any_of(kOverriding.begin(), kOverriding.end(),
                     [&](std::string_view one) { return same_name(name, one); });
}

}  // namespace agentos::egress
