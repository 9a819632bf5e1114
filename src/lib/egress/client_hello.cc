// Records are joined first, then one cursor walks down the nested vectors.
#include "lib/egress/client_hello.h"

#include <cstdint>

#include "lib/canonical/host.h"

namespace agentos::egress {
namespace {

constexpr std::size_t kRecordHeader = 5, kRecordBytesMax = 16384, kHandshakeHeader = 4, kRandomBytes = 32;
constexpr std::uint8_t kHandshakeRecord = 22, kClientHello = 1, kHostName = 0;
constexpr std::uint16_t kServerName = 0;

class Octets {
 public:
  explicit Octets(std::string_view text) : left_(text) {}
  bool empty() const { return left_.empty(); }
  // A big-endian number of `size` octets.
  Result<std::size_t> number(std::size_t size) {
    const std::string_view raw = TRY(take(size));
    std::size_t value = 0;
    for (const char c : raw) value = value << 8 | static_cast<std::uint8_t>(c);
    return value;
  }
  Result<std::string_view> take(std::size_t size) {
    if (size > left_.size()) return fail(ErrorCode::kMalformed, "the TLS hello ends in the middle");
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }
  // What a length of `size` octets announces.
  Result<std::string_view> vector(std::size_t size) { return take(TRY(number(size))); }

 private:
  std::string_view left_;
};

Result<std::string> read_server_names(std::string_view extension) {
  Octets outer(extension);
  Octets list(TRY(outer.vector(2)));
  std::string name;
  while (!list.empty()) {
    const std::size_t kind = TRY(list.number(1));
    const std::string_view text = TRY(list.vector(2));
    if (kind != kHostName || !name.empty() || text.find('\0') != std::string_view::npos) {
      return fail(ErrorCode::kMalformed, "the TLS hello names its server in an unknown way");
    }
    name = TRY(canonical::read_host(text)).text();
  }
  if (!outer.empty() || name.empty()) return fail(ErrorCode::kMalformed, "the TLS hello has an empty server name");
  return name;
}

Result<ClientHello> read_hello(std::string_view message) {
  Octets hello(message);
  TRY(hello.take(2));  // legacy version
  TRY(hello.take(kRandomBytes));
  TRY(hello.vector(1));  // session
  TRY(hello.vector(2));  // cipher suites
  TRY(hello.vector(1));  // compression
  ClientHello out;
  out.complete = true;
  if (hello.empty()) return out;
  Octets extensions(TRY(hello.vector(2)));
  bool named = false;
  while (!extensions.empty()) {
    const std::size_t type = TRY(extensions.number(2));
    const std::string_view content = TRY(extensions.vector(2));
    if (type != kServerName) continue;
    if (named) return fail(ErrorCode::kMalformed, "the TLS hello names its server twice");
    named = true;
    out.server_name = TRY(read_server_names(content));
  }
  if (!hello.empty()) return fail(ErrorCode::kMalformed, "something follows the extensions of the TLS hello");
  return out;
}

}  // namespace

bool looks_like_tls(std::string_view octets) {
  return !octets.empty() && static_cast<std::uint8_t>(octets[0]) == kHandshakeRecord &&
         (octets.size() < 2 || octets[1] == 3);
}

Result<ClientHello> read_client_hello(std::string_view octets) {
  std::string message;
  const std::size_t all = octets.size();
  while (octets.size() >= kRecordHeader) {
    const std::size_t size =
        static_cast<std::size_t>(static_cast<std::uint8_t>(octets[3])) << 8 | static_cast<std::uint8_t>(octets[4]);
    if (!looks_like_tls(octets) || size == 0 || size > kRecordBytesMax) {
      return fail(ErrorCode::kMalformed, "the connection does not start with a TLS hello");
    }
    const std::string_view content = octets.substr(kRecordHeader, size);
    message += content;
    if (message.size() > kHelloBytesMax) return fail(ErrorCode::kTooLarge, "the TLS hello is too long");
    if (message.size() >= kHandshakeHeader) {
      Octets head(message);
      if (TRY(head.number(1)) != kClientHello) return fail(ErrorCode::kMalformed, "the first TLS message is no hello");
      const std::size_t length = TRY(head.number(3));
      if (length > kHelloBytesMax) return fail(ErrorCode::kTooLarge, "the TLS hello is too long");
      if (message.size() > kHandshakeHeader + length) {
        return fail(ErrorCode::kMalformed, "something follows the TLS hello in its record");
      }
      if (message.size() == kHandshakeHeader + length && content.size() == size) {
        ClientHello hello = TRY(read_hello(std::string_view(message).substr(kHandshakeHeader, length)));
        hello.size = all - octets.size() + kRecordHeader + size;
        return hello;
      }
    }
    if (content.size() < size) break;
    octets.remove_prefix(kRecordHeader + size);
  }
  if (!octets.empty() && !looks_like_tls(octets)) {
    return fail(ErrorCode::kMalformed, "the connection does not start with a TLS hello");
  }
  return ClientHello{};
}

}  // namespace agentos::egress
