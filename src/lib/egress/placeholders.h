// Addresses that stand for names inside a sandbox: given out instead of an answer of DNS, turned back into the name
// when the program connects. They are from a range no network routes (198.18.0.0/15, RFC 2544), so one that leaked
// leads nowhere. Not thread-safe.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/net/ip_address.h"

namespace agentos::egress {

inline constexpr std::size_t kPlaceholdersMax = 4096;  // of one agent; the oldest gives way

class Placeholders {
 public:
  net::IpAddress address_of(std::string_view name);
  std::optional<std::string> name_of(const net::IpAddress& address) const;
  static bool is_placeholder(const net::IpAddress& address);

 private:
  std::unordered_map<std::string, std::uint32_t> by_name_;
  std::unordered_map<std::uint32_t, std::string> by_number_;
  std::deque<std::uint32_t> order_;
  std::uint32_t next_ = 1;
};

}  // namespace agentos::egress
