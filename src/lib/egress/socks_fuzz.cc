// A request that is read names a host and does not take more octets than there are.
#include "lib/egress/socks.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace agentos::egress;
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  if (const auto greeting = read_socks_greeting(text); greeting && *greeting > size) std::abort();
  const auto request = read_socks_request(text);
  if (request && request->size != 0 && (request->size > size || request->host.empty() || request->port == 0))
    std::abort();
  return 0;
}
