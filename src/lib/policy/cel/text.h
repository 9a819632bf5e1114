// Text of expressions: UTF-8 by code points, and the nearest of some words.
//
// All inputs are valid UTF-8 unless said otherwise; ill-formed sequences are read byte by byte and never overrun.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace agentos::cel {

// The code point at `place` (< text.size()), which moves behind it. An ill-formed byte is itself, one byte long.
std::uint32_t next_code_point(std::string_view text, std::size_t& place);
std::size_t count_code_points(std::string_view text);
// std::string_view::find in time linear in both, whatever they hold.
std::size_t find_text(std::string_view text, std::string_view wanted, std::size_t start = 0);
void append_utf8(std::string& out, std::uint32_t code_point);
// The offset of the code point with this number, or npos beyond the end; the count itself gives text.size().
std::size_t offset_of_code_point(std::string_view text, std::size_t number);

// The word nearest to `wanted` by edit distance when it is near enough to be meant, else an empty view.
std::string_view nearest_word(std::string_view wanted, std::span<const std::string_view> words);

}  // namespace agentos::cel
