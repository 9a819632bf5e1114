// Addresses and prefixes as numbers, and their canonical text (RFC 5952): lower case, no leading zeros, the first
// longest run of two or more zero groups as "::".
#include "base/net/ip_address.h"

namespace agentos::net {
namespace {

void append_decimal(IpText& text, unsigned value) {
  if (value >= 100) text.append(static_cast<char>('0' + value / 100));
  if (value >= 10) text.append(static_cast<char>('0' + value / 10 % 10));
  text.append(static_cast<char>('0' + value % 10));
}

void append_dotted(IpText& text, std::uint32_t address) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    append_decimal(text, (address >> shift) & 0xff);
    if (shift != 0) text.append('.');
  }
}

void append_group(IpText& text, unsigned group) {
  bool started = false;
  for (int shift = 12; shift >= 0; shift -= 4) {
    const unsigned digit = (group >> shift) & 0xf;
    if (digit == 0 && !started && shift != 0) continue;
    started = true;
    text.append("0123456789abcdef"[digit]);
  }
}

unsigned group_of(const IpAddress& address, int index) {
  const std::uint64_t half = index < 4 ? address.high() : address.low();
  return static_cast<unsigned>(half >> (48 - 16 * (index % 4))) & 0xffff;
}

struct Run {
  int start = -1;
  int size = 0;
};

Run longest_zero_run(const IpAddress& address) {
  Run best;
  Run run;
  for (int i = 0; i < 8; ++i) {
    if (group_of(address, i) != 0) {
      run.size = 0;
      continue;
    }
    if (run.size++ == 0) run.start = i;
    if (run.size > best.size) best = run;
  }
  return best.size >= 2 ? best : Run{};
}

constexpr std::uint64_t mask_of(int length) {
  return length <= 0 ? 0 : length >= 64 ? ~std::uint64_t{0} : ~std::uint64_t{0} << (64 - length);
}

IpAddress mask(const IpAddress& address, int length) {
  if (address.is_v4()) {
    const std::uint64_t bits = length == 0 ? 0 : (~std::uint64_t{0} << (32 - length)) & 0xffffffff;
    return IpAddress::v4(static_cast<std::uint32_t>(address.low() & bits));
  }
  return IpAddress::v6(address.high() & mask_of(length), address.low() & mask_of(length - 64));
}

}  // namespace

IpAddress IpAddress::from_octets(std::span<const std::uint8_t, 4> octets) {
  std::uint32_t value = 0;
  for (const std::uint8_t octet : octets) value = value << 8 | octet;
  return v4(value);
}

IpAddress IpAddress::from_octets(std::span<const std::uint8_t, 16> octets) {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    high = high << 8 | octets[i];
    low = low << 8 | octets[i + 8];
  }
  return v6(high, low);
}

std::array<std::uint8_t, 16> IpAddress::octets() const {
  std::array<std::uint8_t, 16> octets{};
  if (is_v4()) {
    for (std::size_t i = 0; i < 4; ++i) octets[i] = static_cast<std::uint8_t>(low_ >> (24 - 8 * i));
    return octets;
  }
  for (std::size_t i = 0; i < 8; ++i) {
    octets[i] = static_cast<std::uint8_t>(high_ >> (56 - 8 * i));
    octets[i + 8] = static_cast<std::uint8_t>(low_ >> (56 - 8 * i));
  }
  return octets;
}

IpText IpAddress::text() const {
  IpText text;
  if (is_v4()) {
    append_dotted(text, static_cast<std::uint32_t>(low_));
    return text;
  }
  if (high_ == 0 && low_ >> 32 == 0xffff) {
    text.append("::ffff:");
    append_dotted(text, static_cast<std::uint32_t>(low_));
    return text;
  }
  const Run run = longest_zero_run(*this);
  for (int i = 0; i < 8; ++i) {
    if (i == run.start) {
      text.append("::");
      i += run.size - 1;
      continue;
    }
    if (i != 0 && i != run.start + run.size) text.append(':');
    append_group(text, group_of(*this, i));
  }
  return text;
}

IpPrefix::IpPrefix(const IpAddress& address, int length)
    : address_(address), length_(static_cast<std::uint8_t>(length)) {
  CHECK(length >= 0 && length <= address.bits());
}

IpPrefix IpPrefix::masked() const { return {mask(address_, length_), length_}; }

bool IpPrefix::contains(const IpAddress& address) const {
  return address.family() == address_.family() && mask(address, length_) == mask(address_, length_);
}

bool IpPrefix::contains(const IpPrefix& other) const { return other.length_ >= length_ && contains(other.address_); }

IpText IpPrefix::text() const {
  IpText text = address_.text();
  text.append('/');
  append_decimal(text, length_);
  return text;
}

}  // namespace agentos::net
