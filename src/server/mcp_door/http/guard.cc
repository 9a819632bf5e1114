// See guard.h.
#include "server/mcp_door/http/guard.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/net/ip_address.h"
#include "server/mcp_door/http/answers.h"

namespace agentos::mcp_http {
namespace {

constexpr std::array<std::string_view, 3> kLoopback = {"localhost", "127.0.0.1", "::1"};
constexpr std::string_view kScheme = "bearer ";

// "name", "name:80", "[::1]:80" to the name or address alone; empty: it is none of them.
std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    return end == std::string_view::npos ? std::string_view() : authority.substr(1, end - 1);
  }
  const std::size_t colon = authority.find(':');
  const std::string_view port = colon == std::string_view::npos ? std::string_view() : authority.substr(colon + 1);
  if (!std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; })) return {};
  return authority.substr(0, colon);
}

}  // namespace

std::string fresh_token(Random& random) {
  std::string octets(kTokenOctets, '\0');
  random.fill(std::as_writable_bytes(std::span(octets)));
  return crypto::base64url(octets);
}

Guard::Guard(GuardOptions options) : options_(std::move(options)), token_(crypto::sha256(options_.token)) {}

std::optional<Answer> Guard::screen(const Request& request) const {
  const auto host = request.header("host");
  if (!host) return error_answer(400, "the request has no Host");
  if (!is_host(*host)) {
    return error_answer(403, "Host is no name of this endpoint; use localhost, or start it with --allow-host");
  }
  if (const auto origin = request.header("origin"); origin && !is_origin(request, *origin)) {
    return error_answer(403, "pages of this Origin may not use the endpoint; start it with --allow-origin to let them");
  }
  if (options_.token.empty() || request.method == "OPTIONS") return std::nullopt;
  const auto given = request.header("authorization");
  const bool bearer = given && given->size() > kScheme.size() && given->size() <= kTokenBytesMax &&
                      egress::same_name(given->substr(0, kScheme.size()), kScheme);
  // Digests are compared, so that not even the size of the token shows in the time.
  if (bearer &&
      crypto::equal_constant_time(crypto::view(crypto::sha256(given->substr(kScheme.size()))), crypto::view(token_))) {
    return std::nullopt;
  }
  Answer answer = error_answer(401, bearer ? "the bearer token is not the one this endpoint was started with"
                                           : "a bearer token is needed: Authorization: Bearer TOKEN");
  answer.fields.emplace_back("WWW-Authenticate",
                             bearer ? R"(Bearer realm="agentos", error="invalid_token")" : R"(Bearer realm="agentos")");
  return answer;
}

void Guard::allow_origin(const Request& request, std::vector<std::pair<std::string, std::string>>& fields) const {
  if (!has_allowed_origin(request)) return;
  fields.emplace_back("Access-Control-Allow-Origin", std::string(*request.header("origin")));
  fields.emplace_back("Access-Control-Expose-Headers", "Mcp-Session-Id, WWW-Authenticate");
  fields.emplace_back("Vary", "Origin");
}

bool Guard::has_allowed_origin(const Request& request) const {
  const auto origin = request.header("origin");
  return origin && is_origin(request, *origin);
}

bool Guard::is_host(std::string_view authority) const {
  const std::string_view host = host_of(authority);
  if (host.empty()) return false;
  const auto same = [host](std::string_view one) { return egress::same_name(host, one); };
  if (std::any_of(kLoopback.begin(), kLoopback.end(), same)) return true;
  if (std::any_of(options_.hosts.begin(), options_.hosts.end(), same)) return true;
  return options_.any_address && net::scan_ip(host).has_value();
}

// The endpoint's own pages, and those that were allowed.
bool Guard::is_origin(const Request& request, std::string_view origin) const {
  const auto same = [origin](const std::string& one) { return egress::same_name(origin, one); };
  if (std::any_of(options_.origins.begin(), options_.origins.end(), same)) return true;
  const auto host = request.header("host");
  return host && is_host(*host) && egress::same_name(origin, options_.scheme + "://" + std::string(*host));
}

}  // namespace agentos::mcp_http
