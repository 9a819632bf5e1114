// What of an entry's content is stored beside its leaf: all of it when it is short and UTF-8, else a bounded stand-in.
#pragma once

#include <string>
#include <string_view>

namespace agentos::recorder {

// `text` itself when it is valid UTF-8 of at most kOpeningSizeMax octets; otherwise a replacement written to `scratch`:
// ill-formed octets become U+FFFD, and longer text becomes {"digest","preview","size"} (SHA-256 and size of the text
// as given, the first kPreviewSizeMax octets of it). Never longer than kOpeningSizeMax.
std::string_view bounded_opening(std::string_view text, std::string& scratch);

inline constexpr std::size_t kPreviewSizeMax = 512;

}  // namespace agentos::recorder
