// The canonical text of a URL is its own form, and its parts make up the whole.
#include <cstdlib>

#include "lib/canonical/url.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace agentos::canonical;
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  std::string scratch;
  const auto url = read_url(text, scratch);
  if (!url) {
    if (url.error().message.empty()) std::abort();
    return 0;
  }
  std::string scratch_again;
  const auto again = read_url(url->text, scratch_again);
  if (!again || again->text != url->text || again->port != url->port || again->host.text() != url->host.text())
    std::abort();
  if ((again->oddities & ~url->oddities) != 0 || again->has_userinfo) std::abort();
  if (!url->path.starts_with('/') || !url->text.starts_with(url->scheme)) std::abort();
  for (const char c : url->text) {
    if (c <= ' ' || c > '~') std::abort();
  }
  return 0;
}
