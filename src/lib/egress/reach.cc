// Classes come from base/net; here is only what may be made an exception.
#include "lib/egress/reach.h"

namespace agentos::egress {

Result<Reach> Reach::parse(const std::vector<std::string>& internal) {
  if (internal.size() > kInternalPrefixesMax) {
    return fail(ErrorCode::kTooLarge, "more than " + std::to_string(kInternalPrefixesMax) + " internal addresses");
  }
  Reach out;
  for (const std::string& text : internal) {
    if (const auto prefix = net::scan_prefix(text)) {
      out.internal_.push_back(prefix->masked());
    } else if (const auto address = net::scan_ip(text)) {
      out.internal_.emplace_back(*address, address->bits());
    } else {
      return fail(ErrorCode::kInvalidArgument, "\"" + text.substr(0, 80) + "\" is no address and no prefix",
                  "write 10.1.0.0/16 or 127.0.0.1");
    }
  }
  return out;
}

Status Reach::check(const net::IpAddress& address) const {
  const net::IpAddress plain = address.unmapped();
  const net::AddressClass kind = plain.address_class();
  if (kind == net::AddressClass::kGlobal) return {};
  for (const net::IpPrefix& prefix : internal_) {
    const bool exact = prefix.length() == prefix.address().bits();
    if (prefix.contains(plain) && (exact || kind != net::AddressClass::kMetadata)) return {};
  }
  const std::string text(plain.text().view());
  return fail(ErrorCode::kNotPermitted,
              text + " is not an address of the public internet (" + std::string(net::name_of(kind)) + ")",
              "the profile would allow it with network: {internal: [\"" + text + "\"]}");
}

}  // namespace agentos::egress
