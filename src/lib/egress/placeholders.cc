// A number is not used again before all others were, so a cached placeholder does not soon mean another name.
#include "lib/egress/placeholders.h"

namespace agentos::egress {
namespace {

constexpr std::uint32_t kFirst = 0xc6120000;  // 198.18.0.0
constexpr std::uint32_t kCount = 1U << 17;

}  // namespace

net::IpAddress Placeholders::address_of(std::string_view name) {
  const std::string key(name);
  if (const auto found = by_name_.find(key); found != by_name_.end()) return net::IpAddress::v4(kFirst + found->second);
  if (order_.size() >= kPlaceholdersMax) {
    const auto oldest = by_number_.find(order_.front());
    by_name_.erase(oldest->second);
    by_number_.erase(oldest);
    order_.pop_front();
  }
  const std::uint32_t number = next_;
  next_ = next_ + 1 < kCount ? next_ + 1 : 1;
  by_name_.emplace(key, number);
  by_number_.emplace(number, key);
  order_.push_back(number);
  return net::IpAddress::v4(kFirst + number);
}

std::optional<std::string> Placeholders::name_of(const net::IpAddress& address) const {
  if (!is_placeholder(address)) return std::nullopt;
  const auto found = by_number_.find(static_cast<std::uint32_t>(address.low()) - kFirst);
  if (found == by_number_.end()) return std::nullopt;
  return found->second;
}

bool Placeholders::is_placeholder(const net::IpAddress& address) {
  return address.is_v4() && address.low() >= kFirst && address.low() < std::uint64_t{kFirst} + kCount;
}

}  // namespace agentos::egress
