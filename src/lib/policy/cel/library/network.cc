// IP addresses and CIDR prefixes. Source: Kubernetes' CEL libraries for IP and CIDR; cel-go's network extension.
#include "base/net/ip_address.h"
#include "lib/policy/cel/library/library.h"
#include "lib/policy/cel/run/operations.h"

namespace agentos::cel {
namespace {

Value string_to_ip(const CallContext& context, Arguments arguments) {
  const auto address = net::parse_ip(arguments[0].text());
  return address ? context.scratch.ip(*address) : fault(context.scratch, "{}", address.error().message);
}
Value string_to_cidr(const CallContext& context, Arguments arguments) {
  const auto prefix = net::parse_prefix(arguments[0].text());
  return prefix ? context.scratch.cidr(*prefix) : fault(context.scratch, "{}", prefix.error().message);
}
Value is_ip(const CallContext&, Arguments arguments) {
  return Value::boolean(net::scan_ip(arguments[0].text()).has_value());
}
Value is_cidr(const CallContext&, Arguments arguments) {
  return Value::boolean(net::scan_prefix(arguments[0].text()).has_value());
}
Value is_canonical(const CallContext& context, Arguments arguments) {
  const auto address = net::parse_ip(arguments[0].text());
  if (!address) return fault(context.scratch, "{}", address.error().message);
  return Value::boolean(net::is_canonical_ip(arguments[0].text()));
}
Value ip_to_string(const CallContext& context, Arguments arguments) {
  return context.scratch.string(arguments[0].address().text().view());
}
Value cidr_to_string(const CallContext& context, Arguments arguments) {
  return context.scratch.string(arguments[0].network().text().view());
}
Value family(const CallContext&, Arguments arguments) { return Value::integer(arguments[0].address().is_v4() ? 4 : 6); }

template <bool (net::IpAddress::*property)() const>
Value has_property(const CallContext&, Arguments arguments) {
  return Value::boolean((arguments[0].address().*property)());
}

Value contains_ip(const CallContext& context, Arguments arguments) {
  if (arguments[1].is(ValueKind::kIp)) return Value::boolean(arguments[0].network().contains(arguments[1].address()));
  const auto address = net::parse_ip(arguments[1].text());
  if (!address) return fault(context.scratch, "{}", address.error().message);
  return Value::boolean(arguments[0].network().contains(*address));
}
Value contains_cidr(const CallContext& context, Arguments arguments) {
  if (arguments[1].is(ValueKind::kCidr)) return Value::boolean(arguments[0].network().contains(arguments[1].network()));
  const auto prefix = net::parse_prefix(arguments[1].text());
  if (!prefix) return fault(context.scratch, "{}", prefix.error().message);
  return Value::boolean(arguments[0].network().contains(*prefix));
}
Value cidr_ip(const CallContext& context, Arguments arguments) {
  return context.scratch.ip(arguments[0].network().address());
}
Value masked(const CallContext& context, Arguments arguments) {
  return context.scratch.cidr(arguments[0].network().masked());
}
Value is_mask(const CallContext&, Arguments arguments) {
  return Value::boolean(arguments[0].network() == arguments[0].network().masked());
}
Value prefix_length(const CallContext&, Arguments arguments) { return Value::integer(arguments[0].network().length()); }

}  // namespace

Rows network_rows() {
  constexpr auto kGlobal = CallStyle::kGlobal;
  constexpr auto kMember = CallStyle::kMember;
  using Ip = net::IpAddress;
  return {
      {"string_to_ip", "ip", kGlobal, "string", "ip", string_to_ip},
      {"string_to_cidr", "cidr", kGlobal, "string", "cidr", string_to_cidr},
      {"is_ip", "isIP", kGlobal, "string", "bool", is_ip},
      {"is_cidr", "isCIDR", kGlobal, "string", "bool", is_cidr},
      {"ip_is_canonical", "ip.isCanonical", kGlobal, "string", "bool", is_canonical},
      {"ip_to_string", "string", kGlobal, "ip", "string", ip_to_string},
      {"cidr_to_string", "string", kGlobal, "cidr", "string", cidr_to_string},
      {"ip_family", "family", kMember, "ip", "int", family},
      {"ip_is_unspecified", "isUnspecified", kMember, "ip", "bool", has_property<&Ip::is_unspecified>},
      {"ip_is_loopback", "isLoopback", kMember, "ip", "bool", has_property<&Ip::is_loopback>},
      {"ip_is_global_unicast", "isGlobalUnicast", kMember, "ip", "bool", has_property<&Ip::is_global_unicast>},
      {"ip_is_link_local_multicast", "isLinkLocalMulticast", kMember, "ip", "bool",
       has_property<&Ip::is_link_local_multicast>},
      {"ip_is_link_local_unicast", "isLinkLocalUnicast", kMember, "ip", "bool",
       has_property<&Ip::is_link_local_unicast>},
      {"cidr_contains_ip_ip", "containsIP", kMember, "cidr,ip", "bool", contains_ip},
      {"cidr_contains_ip_string", "containsIP", kMember, "cidr,string", "bool", contains_ip},
      {"cidr_contains_cidr", "containsCIDR", kMember, "cidr,cidr", "bool", contains_cidr},
      {"cidr_contains_cidr_string", "containsCIDR", kMember, "cidr,string", "bool", contains_cidr},
      {"cidr_ip", "ip", kMember, "cidr", "ip", cidr_ip},
      {"cidr_masked", "masked", kMember, "cidr", "cidr", masked},
      {"cidr_is_mask", "isMask", kMember, "cidr", "bool", is_mask},
      {"cidr_prefix_length", "prefixLength", kMember, "cidr", "int", prefix_length},
  };
}

}  // namespace agentos::cel
