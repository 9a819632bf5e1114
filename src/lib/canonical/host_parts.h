// The steps read_host() is made of, each total and without memory of its own.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace agentos::canonical {

// Letters, digits, '-', '_' and '.': what a host name or a zone is made of.
bool is_name_octet(char c);

// Percent escapes decoded into `out`, which is at least as long as `text`; nothing when one is broken.
std::optional<std::size_t> percent_decode(std::string_view text, std::span<char> out);

// Lower-case ASCII in `out`. What is not ASCII, and "xn--" labels, go through UTS #46 (libidn2), which refuses what it
// does not know. The error is the end of a sentence: "is not a valid internationalized name: ...".
std::expected<std::string_view, std::string> map_to_ascii(std::string_view name, std::span<char> out,
                                                          std::uint16_t& oddities);

// What is wrong with the labels of an ASCII name, as the end of a sentence; nothing when it can be asked of DNS.
std::optional<std::string_view> name_fault(std::string_view name);

// The last label is all digits or a hexadecimal number: WHATWG URL "ends in a number".
bool ends_in_number(std::string_view name);

struct LooseIpv4 {
  std::uint32_t value = 0;
  std::uint16_t oddities = 0;
};
// inet_aton: one to four numbers in decimal, octal or hexadecimal, the last filling the rest.
std::optional<LooseIpv4> read_loose_ipv4(std::string_view text);

// Fit for an error: control characters and what is not ASCII as '?'.
std::string printable(std::string_view text);

}  // namespace agentos::canonical
