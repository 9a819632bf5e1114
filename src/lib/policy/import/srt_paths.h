// Paths of srt's settings as paths of a profile, and how they lie to each other.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace agentos::policy::importing {

// An absolute path, or one that begins with ${cwd}, without dot segments. Nothing when it cannot be said: above the
// working directory, or with ~ and no home.
std::optional<std::string> profile_path(std::string_view path, std::string_view home);

// The folder in which everything a pattern of srt can mean lies, and whether it is a pattern at all.
struct PathPattern {
  std::string folder;
  bool has_wildcards = false;
};
PathPattern without_wildcards(std::string_view path);

// Whether `inner` is `outer` or below it.
bool lies_in(std::string_view inner, std::string_view outer);

}  // namespace agentos::policy::importing
