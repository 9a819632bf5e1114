// A host that is read is its own canonical form, and has only octets that a host has.
#include <cstdlib>

#include "lib/canonical/host.h"
#include "lib/canonical/host_parts.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace agentos::canonical;
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  const auto host = read_host(text);
  if (!host) {
    if (host.error().message.empty()) std::abort();
  } else {
    const auto again = read_host(host->text());
    if (!again || again->text() != host->text() || again->kind != host->kind || again->oddities != 0) std::abort();
    for (const char c : host->text()) {
      if (!is_name_octet(c) && c != ':') std::abort();
    }
  }
  if (const auto pattern = HostPattern::parse(text); pattern && host && text.find('/') == std::string_view::npos) {
    if (!text.starts_with("*.") && !pattern->matches(*host)) std::abort();
  }
  return 0;
}
