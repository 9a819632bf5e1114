// Table: aligned columns for people. Cells are made printable, the flexible column gives way to the terminal's width.
#pragma once

#include <string>
#include <vector>

#include "apps/agentos/screen.h"

namespace agentos::cli {

enum class Align : std::uint8_t { kLeft, kRight };
enum class Fit : std::uint8_t { kFixed, kFlexible };  // flexible columns are cut, down to kFlexibleColumnsMin

struct Column {
  std::string title;
  Align align = Align::kLeft;
  Fit fit = Fit::kFixed;
};

struct Cell {
  Cell(std::string content, Style cell_style = Style::kPlain) : text(std::move(content)), style(cell_style) {}
  Cell(const char* content) : text(content) {}
  std::string text;
  Style style = Style::kPlain;
};

class Table {
 public:
  static constexpr std::size_t kFlexibleColumnsMin = 8;

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<Cell> row);  // precondition: one cell a column
  std::string render(const Screen& screen) const;

 private:
  std::vector<std::size_t> widths(const Screen& screen) const;
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace agentos::cli
