// The lines of an HTTP/1.1 message head as a proxy must read them: one spelling, or a refusal.
//
// Everything that two servers have been known to read differently is refused: bare CR or LF, folded lines, white space
// before a colon, control characters, a second Host, Content-Length or Transfer-Encoding, both of the latter.
// Source: RFC 9110 section 5, RFC 9112 sections 2, 5 and 6.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace agentos::egress {

inline constexpr std::size_t kHeadBytesMax = std::size_t{32} << 10;
inline constexpr std::size_t kFieldsMax = 128;
inline constexpr std::uint64_t kBodyBytesMax = std::uint64_t{1} << 50;

struct Field {
  std::string_view name;   // as sent
  std::string_view value;  // without white space around it
};

// How the end of a body is known.
enum class Framing : std::uint8_t { kNone, kLength, kChunked, kUntilClose };

// Octets of the head at the start of `octets`, its empty line included; 0 when it is not complete yet. kTooLarge.
Result<std::size_t> head_size(std::string_view octets);

// The first line, and the fields below it; views into `head`, which is a whole head. kMalformed, kTooLarge.
struct HeadLines {
  std::string_view first;
  std::vector<Field> fields;
};
Result<HeadLines> read_head_lines(std::string_view head);

// A name of letters, digits and !#$%&'*+-.^_`|~ (a token).
bool is_token(std::string_view text);
bool same_name(std::string_view a, std::string_view b);  // ASCII case aside

// The only field of that name; nullptr when there is none. kMalformed when there are several.
Result<const Field*> only_field(const std::vector<Field>& fields, std::string_view name);

// Framing that Content-Length and Transfer-Encoding state; `length` is set with kLength. kNone when there is neither.
// kMalformed for both, several, or anything but digits and "chunked".
Result<Framing> stated_framing(const std::vector<Field>& fields, std::uint64_t& length);

// Fields that are about one connection and are not passed on; those that Connection names are among them.
bool is_hop_by_hop(const std::vector<Field>& fields, std::string_view name);

}  // namespace agentos::egress
