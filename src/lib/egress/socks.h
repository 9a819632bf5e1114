// SOCKS version 5, the part a proxy of connections needs: no authentication, CONNECT; BIND and UDP ASSOCIATE are
// refused. Source: RFC 1928.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace agentos::egress {

inline constexpr char kSocksVersion = 5;

enum class SocksReply : std::uint8_t {
  kDone = 0,
  kFailed = 1,
  kNotAllowed = 2,  // by the ruleset
  kHostUnreachable = 4,
  kRefused = 5,
  kCommandNotSupported = 7,
};

// Octets of the greeting; 0 when it is not complete. kMalformed; kUnsupported when "no authentication" is not offered.
Result<std::size_t> read_socks_greeting(std::string_view octets);
std::string_view socks_method_chosen();  // what answers a greeting
std::string_view socks_no_method();      // what answers one that offers none we take

struct SocksRequest {
  std::size_t size = 0;  // 0: not complete
  std::string host;      // canonical
  std::uint16_t port = 0;
};
// kMalformed; kUnsupported for another command than CONNECT.
Result<SocksRequest> read_socks_request(std::string_view octets);
std::string socks_reply(SocksReply reply);

}  // namespace agentos::egress
