// Counts of a text: lines, words, characters, octets, and its most frequent words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace agentos::tool {

struct TextStats {
  std::int64_t lines = 0;       // a last line without an end counts
  std::int64_t words = 0;       // runs of letters, digits, '_', '\'' and anything outside ASCII
  std::int64_t characters = 0;  // Unicode code points
  std::int64_t bytes = 0;
  std::vector<std::pair<std::string, std::int64_t>> top_words;  // ASCII letters as small ones; most frequent first
};

// Precondition: `text` is valid UTF-8.
TextStats text_stats(std::string_view text, std::size_t top_words_max);

}  // namespace agentos::tool
