// What the proxy is told once, when it starts: whom to ask for names, what it trusts, and the reverse routes.
//
// Everything comes from the kernel over the control socket; the proxy reads no file and no environment after it is
// confined. Tests map public addresses to servers of their own with `rehearsal`, which only a constructor can set.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json/value.h"
#include "base/net/ip_address.h"

namespace agentos::egress {

inline constexpr std::size_t kSettingsBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kNameServersMax = 3;  // resolv.conf(5)
inline constexpr std::size_t kHostsMax = 1024;
inline constexpr std::size_t kRoutesMax = 128;

struct Endpoint {
  net::IpAddress address;
  std::uint16_t port = 0;
  auto operator<=>(const Endpoint&) const = default;
  std::string text() const;  // "127.0.0.1:80", "[::1]:80"
};

// Where a secret stands in a request.
enum class Placement : std::uint8_t { kNone, kHeader, kQuery, kBasic };

// http://NAME inside the sandbox is SCHEME://HOST:PORT outside, with the secret put in.
struct Route {
  std::string name;  // canonical host inside
  bool tls = true;
  std::string host;  // canonical
  std::uint16_t port = 443;
  std::string secret;  // its name; empty: none
  Placement placement = Placement::kNone;
  std::string key;     // of the header or query parameter; the user of basic
  std::string prefix;  // before the value in a header: "Bearer "
};

struct Settings {
  std::vector<Endpoint> name_servers;
  std::map<std::string, std::vector<net::IpAddress>, std::less<>> hosts;  // as /etc/hosts
  std::vector<Route> routes;
  std::string trust_file;                  // PEM; empty: the system's
  std::map<Endpoint, Endpoint> rehearsal;  // instead of the first the second is contacted; for tests alone

  std::string write() const;  // JSON
  static Result<Settings> read(std::string_view text);
  // Name servers of resolv.conf(5) and names of hosts(5); lines that are neither are skipped.
  static Settings of_host(std::string_view resolv_conf, std::string_view hosts);
};

}  // namespace agentos::egress
