// One pass over the octets; words of equal frequency are ordered by name, so that the answer is always the same.
#include "lib/tool/executors/builtin/text_stats.h"

#include <algorithm>
#include <unordered_map>

namespace agentos::tool {
namespace {

bool is_word_octet(char c) {
  return static_cast<unsigned char>(c) >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '_' || c == '\'';
}

std::string lowered(std::string_view word) {
  std::string lower(word);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace

TextStats text_stats(std::string_view text, std::size_t top_words_max) {
  TextStats stats;
  stats.bytes = static_cast<std::int64_t>(text.size());
  std::unordered_map<std::string, std::int64_t> counts;
  std::size_t word_start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const bool in_word = i < text.size() && is_word_octet(text[i]);
    if (!in_word) {
      if (i > word_start) {
        ++stats.words;
        ++counts[lowered(text.substr(word_start, i - word_start))];
      }
      word_start = i + 1;
    }
    if (i == text.size()) break;
    if (text[i] == '\n') ++stats.lines;
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) ++stats.characters;
  }
  if (!text.empty() && text.back() != '\n') ++stats.lines;
  stats.top_words.assign(counts.begin(), counts.end());
  const auto more_frequent = [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  };
  const std::size_t kept = std::min(top_words_max, stats.top_words.size());
  std::partial_sort(stats.top_words.begin(), stats.top_words.begin() + static_cast<std::ptrdiff_t>(kept),
                    stats.top_words.end(), more_frequent);
  stats.top_words.resize(kept);
  return stats;
}

}  // namespace agentos::tool
