// A head that is read has one host, and what is sent on is read as the same request again.
#include "lib/egress/request_head.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace agentos::egress;
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  const auto head = head_size(text);
  if (!head || *head == 0) return 0;
  const auto request = read_request_head(text.substr(0, *head));
  if (!request || request->form == TargetForm::kAuthority) return 0;
  const std::string out = write_request_head(*request, write_authority(request->host, request->port, 80), {});
  const auto whole = head_size(out);
  if (!whole || (*whole != out.size() && out.size() <= kHeadBytesMax)) std::abort();
  if (*whole == 0) return 0;
  const auto again = read_request_head(out);
  if (!again || again->host != request->host || again->port != request->port || again->path != request->path ||
      again->framing != request->framing || again->length != request->length) {
    std::abort();
  }
  return 0;
}
