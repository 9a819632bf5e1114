// Whether a request's path may lead a server elsewhere than it says: segments of dots, or empty ones, that appear only
// when a server decodes it (once more), drops parameters, or takes a backslash for a slash.
#pragma once

#include <string_view>

namespace agentos::egress {

inline constexpr int kDecodingsMax = 3;  // a path that still changes after as many is refused

// `path` is canonical and without the query. nullptr when it is plain, else why it is not.
const char* hidden_way(std::string_view path);

// Fields by which some servers let a request say that it is another method, or for another path, than its first line.
bool overrides_request_line(std::string_view field_name);

}  // namespace agentos::egress
