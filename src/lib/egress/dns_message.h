// DNS messages, the little a stub needs: one question asked or answered, addresses read from an answer.
//
// Questions from a sandbox are answered here and go nowhere; questions of the proxy's own go to the host's resolver.
// Source: RFC 1035 section 4, RFC 3596.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/net/ip_address.h"

namespace agentos::egress {

inline constexpr std::size_t kDnsMessageBytesMax = 4096;
inline constexpr std::size_t kAddressesMax = 8;     // used of one answer
inline constexpr std::size_t kDnsRecordsMax = 128;  // looked at
inline constexpr std::size_t kDnsPointersMax = 16;  // followed in one name
inline constexpr std::size_t kAliasesMax = 8;       // CNAMEs followed

enum class DnsType : std::uint16_t { kA = 1, kAlias = 5, kAaaa = 28 };
enum class DnsCode : std::uint8_t {
  kNoError = 0,
  kFormat = 1,
  kServerFailure = 2,
  kNoSuchName = 3,
  kNotImplemented = 4
};

struct DnsQuestion {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;
  std::string name;  // canonical host; empty when it is none
  std::uint16_t type = 0;
  std::string section;  // its octets in the message
};

// A query with exactly one question of class IN. kMalformed.
Result<DnsQuestion> read_dns_query(std::string_view message);
// An answer with one address record (A) or none.
std::string answer_dns(const DnsQuestion& question, DnsCode code, const net::IpAddress* address);

std::string write_dns_query(std::uint16_t id, std::string_view name, DnsType type);
struct DnsAnswer {
  DnsCode code = DnsCode::kNoError;
  bool truncated = false;
  std::vector<net::IpAddress> addresses;  // of the name, aliases followed
};
// kMalformed when it is not the answer to that query: other id, question or shape.
Result<DnsAnswer> read_dns_answer(std::string_view message, std::uint16_t id, std::string_view name, DnsType type);

}  // namespace agentos::egress
