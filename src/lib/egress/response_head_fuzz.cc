// What is passed on of a response is read as the same response again.
#include "lib/egress/response_head.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace agentos::egress;
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  const auto head = head_size(text);
  if (!head || *head == 0) return 0;
  const auto response = read_response_head(text.substr(0, *head), "GET");
  if (!response) return 0;
  const std::string out = write_response_head(*response, Afterwards::kStaysOpen);
  const auto again = read_response_head(out, "GET");
  if (!again || again->status != response->status || again->framing != response->framing ||
      again->length != response->length) {
    std::abort();
  }
  return 0;
}
