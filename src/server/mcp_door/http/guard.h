// Guard: who may speak to the endpoint at all. A page in a browser, a name that was pointed at this machine (DNS
// rebinding) and whoever has no token are refused by the head of their request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/crypto/hash.h"
#include "base/random.h"
#include "server/mcp_door/http/exchange.h"

namespace agentos::mcp_http {

inline constexpr std::size_t kTokenOctets = 32;  // of randomness
inline constexpr std::size_t kTokenBytesMin = 16;
inline constexpr std::size_t kTokenBytesMax = 4096;

std::string fresh_token(Random& random);

struct GuardOptions {
  std::string token;                 // empty: nobody needs one
  std::vector<std::string> hosts;    // names and addresses that Host may have beside those of loopback
  std::vector<std::string> origins;  // pages that may ask, as in Origin: "https://app.example"
  bool any_address = false;          // Host may be any address: the endpoint listens at all of them
  std::string scheme = "http";
};

class Guard {
 public:
  explicit Guard(GuardOptions options);

  // The refusal, or nothing.
  std::optional<Answer> screen(const Request& request) const;
  // Fields that let a page of an allowed origin read the answer; none for others.
  void allow_origin(const Request& request, std::vector<std::pair<std::string, std::string>>& fields) const;
  // Whether Origin is there and allowed.
  bool has_allowed_origin(const Request& request) const;

 private:
  bool is_host(std::string_view authority) const;
  bool is_origin(const Request& request, std::string_view origin) const;

  const GuardOptions options_;
  const crypto::Digest token_;
};

}  // namespace agentos::mcp_http
