// A hello that is complete stays so when more follows.
#include "lib/egress/client_hello.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace agentos::egress;
  const std::string text(reinterpret_cast<const char*>(octets), size);
  const auto hello = read_client_hello(text);
  if (!hello || !hello->complete) return 0;
  const auto longer = read_client_hello(text + "more");
  if (!longer || longer->server_name != hello->server_name) std::abort();
  return 0;
}
