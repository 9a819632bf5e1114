// UTF-8 by hand, without the locale.
#include "apps/agentos/screen.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

#include "base/json/value.h"

namespace agentos::cli {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};
// Characters that order or hide text.
constexpr Range kHidden[] = {{0x00AD, 0x00AD}, {0x061C, 0x061C}, {0x200B, 0x200F}, {0x2028, 0x202E},
                             {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F}};
constexpr Range kCombining[] = {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A},
                                {0x064B, 0x065F}, {0x0900, 0x0902}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},
                                {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}};
constexpr Range kWide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF},  {0x3400, 0x4DBF},
                           {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xAC00, 0xD7A3},  {0xF900, 0xFAFF},
                           {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},  {0x1F300, 0x1F64F},
                           {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};

template <std::size_t N>
bool in(const Range (&ranges)[N], char32_t character) {
  for (const Range& range : ranges) {
    if (character >= range.first && character <= range.last) return true;
  }
  return false;
}

// Precondition: valid UTF-8, not empty. Octets taken.
std::size_t decode(std::string_view text, char32_t& out) {
  const auto at = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[i])); };
  const char32_t lead = at(0);
  if (lead < 0x80) {
    out = lead;
    return 1;
  }
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (size > text.size()) {
    out = 0xFFFD;
    return text.size();
  }
  out = lead & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) out = (out << 6) | (at(i) & 0x3F);
  return size;
}

std::size_t width_of(char32_t character) {
  if (in(kCombining, character)) return 0;
  return in(kWide, character) ? 2 : 1;
}

std::string_view code_of(Style style) {
  switch (style) {
    case Style::kPlain:
      return "";
    case Style::kGood:
      return "32";
    case Style::kBad:
      return "31";
    case Style::kWarn:
      return "33";
    case Style::kDim:
      return "2";
    case Style::kBold:
      return "1";
  }
  return "";
}

}  // namespace

Screen screen_of(int descriptor) {
  Screen screen;
  screen.is_terminal = ::isatty(descriptor) == 1;
  if (!screen.is_terminal) return screen;
  const char* no_colour = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  screen.colour = (no_colour == nullptr || *no_colour == '\0') && term != nullptr && std::string_view(term) != "dumb";
  winsize size{};
  screen.columns_max = ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
  return screen;
}

std::string styled(const Screen& screen, Style style, std::string_view text) {
  if (!screen.colour || style == Style::kPlain || text.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code_of(style), text);
}

std::string printable(std::string_view raw) {
  const std::string text = json::to_valid_utf8(raw);
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    char32_t character = 0;
    const std::size_t size = decode(std::string_view(text).substr(at), character);
    if (character == '\n') {
      out += "\\n";
    } else if (character == '\t') {
      out += "\\t";
    } else if (character < 0x20 || (character >= 0x7F && character < 0xA0)) {
      out += fmt::format("\\x{:02x}", static_cast<std::uint32_t>(character));
    } else if (in(kHidden, character)) {
      out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(character));
    } else {
      out.append(text, at, size);
    }
    at += size;
  }
  return out;
}

std::string printable_lines(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\n\t"), text.size());
    out += printable(text.substr(0, end));
    if (end < text.size()) out += text[end];
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string printable_json(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  while (!json.empty()) {
    char32_t character = 0;
    const std::size_t size = decode(json, character);
    if ((character >= 0x7F && character < 0xA0) || in(kHidden, character)) {
      const auto number = static_cast<std::uint32_t>(character);
      out += number < 0x10000 ? fmt::format("\\u{:04x}", number)
                              : fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + ((number - 0x10000) >> 10),
                                            0xDC00 + ((number - 0x10000) & 0x3FF));
    } else {
      out += json.substr(0, size);
    }
    json.remove_prefix(size);
  }
  return out;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    char32_t character = 0;
    text.remove_prefix(decode(text, character));
    width += width_of(character);
  }
  return width;
}

std::string cut_to_width(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  std::size_t width = 0, at = 0;
  while (at < text.size()) {
    char32_t character = 0;
    const std::size_t size = decode(text.substr(at), character);
    if (width + width_of(character) > columns - 1) break;
    width += width_of(character);
    at += size;
  }
  return std::string(text.substr(0, at)) + "…";
}

}  // namespace agentos::cli
