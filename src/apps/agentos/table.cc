// Widths first, then lines.
#include "apps/agentos/table.h"

#include <algorithm>

#include "base/error.h"

namespace agentos::cli {
namespace {

constexpr std::string_view kGap = "  ";

std::string padded(const std::string& text, std::size_t width, Align align) {
  const std::size_t used = display_width(text);
  const std::string space(width > used ? width - used : 0, ' ');
  return align == Align::kRight ? space + text : text + space;
}

}  // namespace

void Table::add(std::vector<Cell> row) {
  CHECK(row.size() == columns_.size());
  for (Cell& cell : row) cell.text = printable(cell.text);
  rows_.push_back(std::move(row));
}

std::vector<std::size_t> Table::widths(const Screen& screen) const {
  std::vector<std::size_t> widths;
  for (const Column& column : columns_) widths.push_back(display_width(column.title));
  for (const std::vector<Cell>& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i].text));
  }
  if (screen.columns_max == 0) return widths;
  std::size_t total = kGap.size() * (columns_.size() - 1);
  for (const std::size_t width : widths) total += width;
  for (std::size_t i = columns_.size(); i-- > 0 && total > screen.columns_max;) {
    if (columns_[i].fit != Fit::kFlexible || widths[i] <= kFlexibleColumnsMin) continue;
    const std::size_t give = std::min(total - screen.columns_max, widths[i] - kFlexibleColumnsMin);
    widths[i] -= give;
    total -= give;
  }
  return widths;
}

std::string Table::render(const Screen& screen) const {
  const std::vector<std::size_t> width = widths(screen);
  std::string out;
  const auto line = [&](auto&& cell_at) {
    std::string text;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) text += kGap;
      text += cell_at(i);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  };
  line([&](std::size_t i) {
    return styled(screen, Style::kBold, padded(cut_to_width(columns_[i].title, width[i]), width[i], columns_[i].align));
  });
  for (const std::vector<Cell>& row : rows_) {
    line([&](std::size_t i) {
      const std::string text = padded(cut_to_width(row[i].text, width[i]), width[i], columns_[i].align);
      return row[i].style == Style::kPlain ? text : styled(screen, row[i].style, text);
    });
  }
  return out;
}

}  // namespace agentos::cli
