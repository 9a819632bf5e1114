// A document of secrets is read or refused with its place.
#include "lib/egress/secret_store.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace agentos::egress;
  const auto document = parse_secrets({reinterpret_cast<const char*>(octets), size}, "f");
  if (!document && document.error().message.empty()) std::abort();
  return 0;
}
