// Common beginning and end are cut off, the rest is a longest common subsequence by a table of bounded size.
#include "lib/workspace/line_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/json/value.h"

namespace agentos::workspace {
namespace {

using Lines = std::vector<std::string_view>;

struct Edit {
  char sign;
  std::string_view line;
};

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

void compare_middle(const Lines& old, const Lines& now, std::vector<Edit>& out) {
  const std::size_t rows = old.size(), columns = now.size();
  if (rows == 0 || columns == 0 || rows > kDiffCellsMax / columns) {
    for (const std::string_view line : old) out.push_back({'-', line});
    for (const std::string_view line : now) out.push_back({'+', line});
    return;
  }
  // common[i][j]: the longest common subsequence of old from i on and now from j on.
  const std::size_t width = columns + 1;
  std::vector<std::uint32_t> common((rows + 1) * width);
  for (std::size_t i = rows; i-- > 0;) {
    for (std::size_t j = columns; j-- > 0;) {
      common[i * width + j] = old[i] == now[j] ? common[(i + 1) * width + j + 1] + 1
                                               : std::max(common[(i + 1) * width + j], common[i * width + j + 1]);
    }
  }
  std::size_t i = 0, j = 0;
  while (i < rows || j < columns) {
    if (i < rows && j < columns && old[i] == now[j]) {
      out.push_back({' ', old[i]});
      ++i;
      ++j;
    } else if (j == columns || (i < rows && common[(i + 1) * width + j] >= common[i * width + j + 1])) {
      out.push_back({'-', old[i++]});
    } else {
      out.push_back({'+', now[j++]});
    }
  }
}

std::vector<Edit> compare(const Lines& old, const Lines& now) {
  std::vector<Edit> out;
  std::size_t head = 0, tail = 0;
  const std::size_t least = std::min(old.size(), now.size());
  while (head < least && old[head] == now[head]) ++head;
  while (tail < least - head && old[old.size() - 1 - tail] == now[now.size() - 1 - tail]) ++tail;
  for (std::size_t i = 0; i < head; ++i) out.push_back({' ', old[i]});
  const auto middle = [&](const Lines& lines) {
    return Lines(lines.begin() + static_cast<std::ptrdiff_t>(head), lines.end() - static_cast<std::ptrdiff_t>(tail));
  };
  compare_middle(middle(old), middle(now), out);
  for (std::size_t i = old.size() - tail; i < old.size(); ++i) out.push_back({' ', old[i]});
  return out;
}

void append_line(const Edit& step, std::string& out) {
  (out += step.sign) += step.line;
  if (!step.line.ends_with('\n')) out += "\n\\ no newline at the end\n";
}

}  // namespace

bool comparable(std::string_view text) {
  return text.size() <= kDiffBytesMax && text.find('\0') == std::string_view::npos && json::valid_utf8(text);
}

std::string unified_diff(std::string_view before, std::string_view after) {
  const std::vector<Edit> steps = compare(lines_of(before), lines_of(after));
  std::string out;
  std::size_t old_line = 1, new_line = 1, at = 0;
  while (at < steps.size()) {
    // The next difference, and the last one that is no further from the one before than two contexts.
    std::size_t first = at;
    while (first < steps.size() && steps[first].sign == ' ') ++first;
    if (first == steps.size()) break;
    std::size_t last = first;
    for (std::size_t i = first; i < steps.size() && i - last <= 2 * kDiffContextLines; ++i) {
      if (steps[i].sign != ' ') last = i;
    }
    const std::size_t begin = std::max(at, first - std::min(first, kDiffContextLines));
    const std::size_t end = std::min(steps.size(), last + 1 + kDiffContextLines);
    old_line += begin - at;
    new_line += begin - at;
    const auto count = [&](char sign) {
      return std::count_if(steps.begin() + static_cast<std::ptrdiff_t>(begin),
                           steps.begin() + static_cast<std::ptrdiff_t>(end),
                           [&](const Edit& step) { return step.sign == ' ' || step.sign == sign; });
    };
    const auto olds = static_cast<std::size_t>(count('-')), news = static_cast<std::size_t>(count('+'));
    out += fmt::format("@@ -{},{} +{},{} @@\n", olds == 0 ? old_line - 1 : old_line, olds,
                       news == 0 ? new_line - 1 : new_line, news);
    for (std::size_t i = begin; i < end; ++i) append_line(steps[i], out);
    old_line += olds;
    new_line += news;
    at = end;
  }
  return out;
}

}  // namespace agentos::workspace
