// Labels, numbers and escapes of hosts.
#include "lib/canonical/host_parts.h"

#include "lib/canonical/host.h"
#include "lib/canonical/octets.h"

namespace agentos::canonical {
namespace {

constexpr std::uint64_t kTooBig = std::uint64_t{1} << 32;

struct Number {
  std::uint64_t value = 0;
  std::uint16_t oddities = 0;
};

std::optional<Number> read_digits(std::string_view text, unsigned base, std::uint16_t oddities) {
  Number number{.value = 0, .oddities = oddities};
  for (const char c : text) {
    const int digit = hex_digit(c);
    if (digit < 0 || digit >= static_cast<int>(base)) return std::nullopt;
    number.value = number.value * base + static_cast<unsigned>(digit);
    if (number.value >= kTooBig) return std::nullopt;
  }
  return number;
}

// One number of an IPv4 address: 0x is hexadecimal, a leading 0 octal. "0x" alone is 0, as for browsers.
std::optional<Number> read_number(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (text.starts_with("0x") || text.starts_with("0X")) return read_digits(text.substr(2), 16, kOddIpv4Notation);
  if (text.size() > 1 && text[0] == '0') return read_digits(text.substr(1), 8, kOddIpv4Notation | kLeadingZero);
  return read_digits(text, 10, 0);
}

}  // namespace

bool is_name_octet(char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; }

std::optional<std::size_t> percent_decode(std::string_view text, std::span<char> out) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out[size++] = text[i];
      continue;
    }
    const int octet = escape_at(text, i);
    if (octet < 0) return std::nullopt;
    out[size++] = static_cast<char>(octet);
    i += 2;
  }
  return size;
}

std::optional<std::string_view> name_fault(std::string_view name) {
  if (name.empty()) return "has no name";
  if (name.size() > kHostNameBytesMax) return "is longer than 253 octets";
  std::size_t label = 0;
  for (std::size_t i = 0; i <= name.size(); ++i) {
    if (i == name.size() || name[i] == '.') {
      if (label == 0) return "has an empty label";
      if (label > kHostLabelBytesMax) return "has a label longer than 63 octets";
      label = 0;
      continue;
    }
    if (name[i] == '@') return "has an @";
    if (name[i] == ':') return "has a port, or is a broken IPv6 address";
    if (!is_name_octet(name[i])) return "has an octet that no host name has";
    ++label;
  }
  return std::nullopt;
}

bool ends_in_number(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  const std::string_view last = dot == std::string_view::npos ? name : name.substr(dot + 1);
  if (last.empty()) return false;
  bool digits = true;
  for (const char c : last) digits = digits && c >= '0' && c <= '9';
  if (digits) return true;
  if (!last.starts_with("0x")) return false;
  for (const char c : last.substr(2)) {
    if (hex_digit(c) < 0) return false;
  }
  return true;
}

std::optional<LooseIpv4> read_loose_ipv4(std::string_view text) {
  LooseIpv4 result;
  std::uint64_t value = 0;
  for (int part = 0; part < 4; ++part) {
    const std::size_t dot = text.find('.');
    const bool last = dot == std::string_view::npos;
    const auto number = read_number(text.substr(0, dot));
    if (!number) return std::nullopt;
    result.oddities |= number->oddities;
    if (last) {
      const int bits = 8 * (4 - part);
      if (number->value >> bits != 0) return std::nullopt;
      if (part != 3) result.oddities |= kOddIpv4Notation;
      result.value = static_cast<std::uint32_t>(value << bits | number->value);
      return result;
    }
    if (number->value > 255) return std::nullopt;
    value = value << 8 | number->value;
    text.remove_prefix(dot + 1);
  }
  return std::nullopt;
}

std::string printable(std::string_view text) {
  std::string shown(text);
  for (char& c : shown) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return shown;
}

}  // namespace agentos::canonical
