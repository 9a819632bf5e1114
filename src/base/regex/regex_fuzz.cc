// An expression and a text, one line each: compiling and matching end within bounds, and search, find, full_match and a
// set of one expression say the same thing.
#include <cstdlib>

#include "base/regex/pattern.h"
#include "base/regex/pattern_set.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  namespace regex = agentos::regex;
  const std::string_view input(reinterpret_cast<const char*>(octets), size);
  const std::size_t newline = input.find('\n');
  if (newline == std::string_view::npos) return 0;
  const std::string_view expression = input.substr(0, newline);
  const std::string_view text = input.substr(newline + 1);
  const regex::Options options{.letters = size % 2 == 0 ? regex::Case::kSensitive : regex::Case::kInsensitive};
  const auto pattern = regex::Pattern::compile(expression, options);
  const auto set = regex::PatternSet::compile(std::span(&expression, 1), options);
  if (!pattern) {
    if (!pattern.error().message.contains("regular expression") || set) std::abort();
    return 0;
  }
  const bool found = pattern->search(text);
  const auto first = pattern->find(text);
  if (first.has_value() != found) std::abort();
  if (first && (first->begin > first->end || first->end > text.size())) std::abort();
  if (pattern->full_match(text) && !found) std::abort();
  if (!set) return 0;
  std::vector<int> ids;
  if (set->match(text, ids) && ids.empty() == found) std::abort();
  return 0;
}
