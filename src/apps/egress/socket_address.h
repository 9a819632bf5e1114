// An address and port as the socket calls want them.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include "lib/egress/settings.h"

namespace agentos::egress {

class SocketAddress {
 public:
  explicit SocketAddress(const Endpoint& endpoint) {
    const auto octets = endpoint.address.octets();
    if (endpoint.address.is_v4()) {
      auto& v4 = reinterpret_cast<sockaddr_in&>(storage_);
      v4.sin_family = AF_INET;
      v4.sin_port = htons(endpoint.port);
      std::memcpy(&v4.sin_addr, octets.data(), sizeof v4.sin_addr);
      size_ = sizeof v4;
    } else {
      auto& v6 = reinterpret_cast<sockaddr_in6&>(storage_);
      v6.sin6_family = AF_INET6;
      v6.sin6_port = htons(endpoint.port);
      std::memcpy(&v6.sin6_addr, octets.data(), sizeof v6.sin6_addr);
      size_ = sizeof v6;
    }
  }
  int family() const { return storage_.ss_family; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

}  // namespace agentos::egress
