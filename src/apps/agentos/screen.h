// What the output goes to, and text made safe for it: width, colour, and nothing that could drive a terminal.
//
// Names, arguments and reasons come from agents. Control and bidirectional characters in them are shown as escapes,
// never sent, so that a record cannot rewrite the screen of who reads it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace agentos::cli {

enum class Style : std::uint8_t { kPlain, kGood, kBad, kWarn, kDim, kBold };

struct Screen {
  bool is_terminal = false;
  bool colour = false;          // a terminal, NO_COLOR empty, TERM not "dumb"
  std::size_t columns_max = 0;  // 0: unbounded
};
Screen screen_of(int descriptor);

// `text` with its style's escape sequences when the screen has colour.
std::string styled(const Screen& screen, Style style, std::string_view text);
// Valid UTF-8 on one line: control characters as \n, \x1b, directional marks as \u202e.
std::string printable(std::string_view text);
// The same of whole lines: ends of lines and tabs stay what they are.
std::string printable_lines(std::string_view text);
// JSON with what printable() would not send as \uXXXX inside its texts: the same value. Precondition: `json` is valid.
std::string printable_json(std::string_view json);
// Columns `text` takes: 2 for wide characters, 0 for combining ones. Precondition: printable.
std::size_t display_width(std::string_view text);
// The longest beginning of `text` that takes at most `columns`, with "…" for what is left out.
std::string cut_to_width(std::string_view text, std::size_t columns);

}  // namespace agentos::cli
