// Addresses that are not public, and what an operator would write.
#include "kernel/egress_rules.h"

#include <algorithm>

#include "kernel/monitor.h"
#include "lib/policy/limits.h"

namespace agentos::kernel {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  json::write_string(json::to_valid_utf8(text), out);
  return out;
}

std::string host_and_port(const std::string& host, std::int64_t port) {
  return "host: {host: [" + quoted(host) + "]}, port: {in: [" + std::to_string(port) + "]}";
}

// The path itself, and no longer one that begins like it; with any query when there is one.
std::string path_words(const std::string& path) {
  const std::size_t query = path.find('?');
  if (query == std::string::npos) return "{in: [" + quoted(path) + "]}";
  return "{prefix: " + quoted(path.substr(0, query + 1)) + "}";
}

// As a rule must have one: of the characters a name may have, and not longer.
std::string rule_name(std::string_view call, std::string_view host) {
  std::string out = std::string(call) + "-" + std::string(host);
  for (char& c : out) {
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    if (!allowed) c = '-';
  }
  out.resize(std::min(out.size(), policy::kNameBytesMax));
  return out;
}

}  // namespace

std::string allowing_rule(const CallContext& context) {
  std::string arguments, host;
  if (context.row->call == abi::Call::kConnect) {
    const auto& request = *static_cast<const abi::ConnectRequest*>(context.request);
    host = request.host;
    arguments = host_and_port(host, request.port);
  } else if (context.row->call == abi::Call::kHttpRequest) {
    const auto& request = *static_cast<const abi::HttpRequestRequest*>(context.request);
    host = request.host;
    arguments = host_and_port(host, request.port) + ", method: {in: [" + quoted(request.method) +
                "]}, path: " + path_words(request.path);
  } else {
    const auto& request = *static_cast<const abi::SecretUseRequest*>(context.request);
    host = request.host;
    arguments = "secret: {in: [" + quoted(request.secret) + "]}, host: {host: [" + quoted(host) + "]}";
  }
  const std::string call(context.row->name);
  return "{name: " + rule_name(call, host) + ", syscalls: [" + call + "], arguments: {" + arguments +
         "}, action: allow}";
}

// A name may resolve to anything; one address that may not be reached refuses the connection, not only that address.
Status Monitor::check_reach(const CallContext& context) {
  static const egress::Reach kPublic;
  const egress::Reach& reach = context.caller.agent->reach != nullptr ? *context.caller.agent->reach : kPublic;
  const auto& request = *static_cast<const abi::ConnectRequest*>(context.request);
  for (const std::string& text : request.addresses) {
    const auto address = net::parse_ip(text);
    if (!address) return fail(abi::error::invalid_argument, address.error().message);
    if (Status status = reach.check(*address); !status) {
      return fail(abi::error::not_permitted,
                  request.host == text ? status.error().message
                                       : request.host + " resolves to " + text + ": " + status.error().message,
                  status.error().hint);
    }
  }
  return {};
}

}  // namespace agentos::kernel
