// The pieces read_url() is made of: escapes in one spelling, and paths without dot segments.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace agentos::canonical {

constexpr bool is_slash(char c) { return c == '/' || c == '\\'; }

enum class UrlPart : std::uint8_t { kPath, kQuery, kFragment };

// Appends `text` with unreserved escapes decoded, other escapes in upper case, and what `part` cannot hold escaped.
void append_escaped(std::string_view text, UrlPart part, std::string& out, std::uint32_t& oddities);

// Appends "/a/b" for the path text "a/b", "/a//./b" and so on; '\' is a slash. Never empty.
void append_path(std::string_view text, std::string& out, std::uint32_t& oddities);

}  // namespace agentos::canonical
