// Bytes: owned binary content, told apart from text by its type.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <utility>

namespace agentos {

struct Bytes {
  std::string content;  // any octets, NUL included

  Bytes() = default;
  explicit Bytes(std::string octets) : content(std::move(octets)) {}
  explicit Bytes(std::string_view octets) : content(octets) {}
  explicit Bytes(const char* octets) : content(octets) {}

  std::string_view view() const { return content; }
  std::size_t size() const { return content.size(); }
  bool empty() const { return content.empty(); }
  auto operator<=>(const Bytes&) const = default;
};

}  // namespace agentos
