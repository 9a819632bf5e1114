// A story drawn for people, as one JSON document, and as a page that needs nothing else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/agentos/screen.h"
#include "apps/agentos/story.h"

namespace agentos::cli {

inline constexpr std::size_t kDrawnDepthMax = 12;  // deeper agents are drawn at this depth

// A line an agent, call and event: time since the root began, verdict, call, reason, outcome. As wide as the screen.
std::string draw(const Story& story, const std::vector<std::size_t>& roots, const Screen& screen);
json::Value to_json(const Story& story, const std::vector<std::size_t>& roots);
// One HTML file without scripts or anything from elsewhere. All text in it is escaped, whatever it holds.
std::string html_page(const Story& story, const std::vector<std::size_t>& roots, std::string_view title,
                      std::string_view source);

// How a call ended, in a few words: "ok", "failed: not_found", "granted", "no outcome yet".
std::string ending_of(const StoryCall& call);
std::string title_of(const StoryCall& call);  // "exec search", "write /state/a"

}  // namespace agentos::cli
