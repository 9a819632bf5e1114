// Characters that act on what shows them instead of being shown.
#include <algorithm>

#include "lib/guard/finders.h"

namespace agentos::guard {
namespace {

constexpr std::size_t kSequenceMax = 256;  // octets of one control sequence
constexpr std::string_view kJsonEscape = "\\u001b";

// A well-formed UTF-8 character at `at`: its code point and size; size 0 when it is not one.
struct Character {
  std::uint32_t code = 0;
  std::size_t size = 0;
};
Character character_of(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  const std::size_t size = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
  if (size == 0 || at + size > text.size()) return {};
  std::uint32_t code = size == 1 ? first : first & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    const auto next = static_cast<unsigned char>(text[at + i]);
    if ((next & 0xC0) != 0x80) return {};
    code = (code << 6) | (next & 0x3F);
  }
  return {code, size};
}

bool is_bidi(std::uint32_t code) {
  return code == 0x61C || code == 0x200E || code == 0x200F || (code >= 0x202A && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069);
}
bool is_joiner(std::uint32_t code) { return code == 0x200C || code == 0x200D; }
bool is_invisible(std::uint32_t code) {
  return code == 0x200B || is_joiner(code) || (code >= 0x2060 && code <= 0x2064) || code == 0xFEFF || code == 0x180E ||
         code == 0x00AD || code == 0x3164 || code == 0x115F || code == 0x1160;
}
bool is_tag(std::uint32_t code) { return code >= 0xE0000 && code <= 0xE007F; }
bool is_selector(std::uint32_t code) {
  return (code >= 0xFE00 && code <= 0xFE0F) || (code >= 0xE0100 && code <= 0xE01EF);
}

// Octets of the run of characters from `at` that are `wanted`.
template <class Wanted>
std::size_t run_end(std::string_view text, std::size_t at, Wanted wanted) {
  while (at < text.size()) {
    const Character next = character_of(text, at);
    if (next.size == 0 || !wanted(next.code)) break;
    at += next.size;
  }
  return at;
}

// The end of the control sequence whose introducer ends at `at` (ECMA-48: CSI, OSC and the short ones).
std::size_t sequence_end(std::string_view text, std::size_t at, Syntax syntax) {
  if (at >= text.size()) return at;
  const std::size_t limit = std::min(text.size(), at + kSequenceMax);
  const auto stops = [&](char c) { return syntax == Syntax::kJson && (c == '"' || c == '\\'); };
  if (text[at] == '[') {
    std::size_t end = at + 1;
    while (end < limit && text[end] >= 0x20 && text[end] <= 0x3F && !stops(text[end])) ++end;
    return end < limit && text[end] >= 0x40 && text[end] <= 0x7E && !stops(text[end]) ? end + 1 : end;
  }
  if (text[at] == ']' || text[at] == 'P' || text[at] == '^' || text[at] == '_') {
    std::size_t end = at + 1;
    while (end < limit && static_cast<unsigned char>(text[end]) >= 0x20 && text[end] != 0x7F && !stops(text[end]))
      ++end;
    // Not into the middle of a character.
    while (end > at + 1 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    return end;
  }
  return text[at] >= 0x40 && text[at] <= 0x5F && !stops(text[at]) ? at + 1 : at;
}

std::optional<Finding> escape_at(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  if (rest.starts_with(kJsonEscape)) {
    return Finding{Kind::kAnsi, Confidence::kHigh, "ansi", at,
                   sequence_end(text, at + kJsonEscape.size(), Syntax::kJson)};
  }
  if (rest.starts_with("\\u00") && rest.size() >= 6)
    return Finding{Kind::kControl, Confidence::kMedium, "control", at, at + 6};
  if (rest.starts_with("\\b") || rest.starts_with("\\f") || (rest.starts_with("\\r") && !rest.starts_with("\\r\\n")))
    return Finding{Kind::kControl, Confidence::kMedium, "control", at, at + 2};
  return std::nullopt;
}

// Joiners are right between letters of scripts that join and between emoji: what is beside ASCII hides something.
bool is_out_of_place(std::string_view text, std::size_t begin, std::size_t end) {
  const bool before = begin == 0 || static_cast<unsigned char>(text[begin - 1]) < 0x80;
  const bool after = end >= text.size() || static_cast<unsigned char>(text[end]) < 0x80;
  return before || after;
}

std::optional<Finding> wide_at(std::string_view text, std::size_t at) {
  const Character here = character_of(text, at);
  if (here.size == 0) return std::nullopt;
  const auto finding = [&](Kind kind, Confidence confidence, std::size_t end) {
    return Finding{kind, confidence, name_of(kind), at, end};
  };
  if (here.code >= 0x80 && here.code <= 0x9F) {
    return here.code == 0x9B ? finding(Kind::kAnsi, Confidence::kHigh, at + here.size)
                             : finding(Kind::kControl, Confidence::kMedium, at + here.size);
  }
  if (is_bidi(here.code)) return finding(Kind::kBidi, Confidence::kHigh, run_end(text, at, is_bidi));
  if (is_tag(here.code)) {
    // The run was judged where it began.
    if (at >= here.size && is_tag(character_of(text, at - here.size).code)) return std::nullopt;
    // Flags of regions are a black flag, tags and the cancelling tag.
    const std::size_t end = run_end(text, at, is_tag);
    const bool flag =
        text.substr(0, at).ends_with("\xF0\x9F\x8F\xB4") && text.substr(0, end).ends_with("\xF3\xA0\x81\xBF");
    if (!flag) return finding(Kind::kTag, Confidence::kHigh, end);
  }
  if (is_selector(here.code)) {
    constexpr std::size_t kSelectorsMax = 2;  // more in a row carry a message
    const std::size_t end = run_end(text, at, is_selector);
    if ((end - at) / here.size > kSelectorsMax) return finding(Kind::kZeroWidth, Confidence::kHigh, end);
  }
  if (is_invisible(here.code)) {
    const std::size_t end = run_end(text, at, is_invisible);
    const bool mark_of_order = here.code == 0xFEFF && at == 0 && end == 3;
    const bool one_joiner = is_joiner(here.code) && end == at + here.size;
    const bool hyphen = here.code == 0x00AD && end == at + here.size;
    if (!mark_of_order && !hyphen && (!one_joiner || is_out_of_place(text, at, end)))
      return finding(Kind::kZeroWidth, Confidence::kMedium, end);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Finding> character_at(std::string_view text, std::size_t at, Syntax syntax) {
  const auto octet = static_cast<unsigned char>(text[at]);
  if (octet == '\\') return syntax == Syntax::kJson ? escape_at(text, at) : std::nullopt;
  if (octet >= 0x80) return wide_at(text, at);
  if (octet == '\t' || octet == '\n' || (octet == '\r' && text.substr(at).starts_with("\r\n"))) return std::nullopt;
  if (octet == 0x1B) return Finding{Kind::kAnsi, Confidence::kHigh, "ansi", at, sequence_end(text, at + 1, syntax)};
  return Finding{Kind::kControl, Confidence::kMedium, "control", at, at + 1};
}

}  // namespace agentos::guard
