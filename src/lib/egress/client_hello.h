// The server name in the first message of a TLS client, without taking part in the connection.
//
// Only what says where the connection goes is read; the rest is skipped by its lengths. A hello whose name is encrypted
// (ECH) shows the outer name, and nobody on the way can know the inner one.
// Source: RFC 8446 sections 4.1.2 and 5.1, RFC 6066 section 3.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace agentos::egress {

inline constexpr std::size_t kHelloBytesMax = std::size_t{32} << 10;  // with record headers

struct ClientHello {
  bool complete = false;
  std::size_t size = 0;     // octets of its records, which hold nothing else
  std::string server_name;  // canonical; empty: none was sent
};

// Whether the first octets can be TLS at all (a handshake record).
bool looks_like_tls(std::string_view octets);
// kMalformed for what is no ClientHello, or has several names; kTooLarge.
Result<ClientHello> read_client_hello(std::string_view octets);

}  // namespace agentos::egress
