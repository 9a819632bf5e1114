// Any octets are a list of changes or refused; what is read is written the same, with a digest of its own.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/crypto/hash.h"
#include "lib/workspace/changes_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace agentos;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  (void)workspace::read_changes(text);
  // With the digest it needs, for nothing gets past that by chance.
  std::string body(text);
  if (body.empty() || body.back() != '\n') body += '\n';
  const std::string whole = body + "end " + crypto::hex(crypto::sha256(body)) + "\n";
  if (const auto read = workspace::read_changes(whole)) {
    const auto again = workspace::read_changes(workspace::write_changes(*read));
    CHECK(again.has_value() && again->changes.size() == read->changes.size());
  }
  return 0;
}
