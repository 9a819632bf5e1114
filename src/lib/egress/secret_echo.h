// Finds in what a server answers the secret that its request was given, so that it can be kept from the program.
//
// Looked for as it was sent (in a field, a query, as basic credentials), percent-encoded, and alone. A secret that the
// server writes in another way (compressed, escaped, across two chunks) is not found. One thread at a time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace agentos::egress {

class SecretEcho {
 public:
  SecretEcho() = default;
  ~SecretEcho() { forget(); }
  SecretEcho(const SecretEcho&) = delete;
  SecretEcho& operator=(const SecretEcho&) = delete;

  // From now on `secret` and `sent`, what it was sent as, are looked for. Shorter than kEchoBytesMin: it is not, for it
  // would be found where it is not.
  void watch_for(std::string_view secret, std::string_view sent);
  void forget();  // wiped
  bool watches() const { return !forms_.empty(); }

  // A head with "[secret]" where it was.
  std::string cleaned(std::string head) const;
  // Octets of a body that can be passed on, into `out`; what may be the beginning of the secret waits for the next
  // ones, unless these are the `last`. False: the secret is in them.
  bool pass(std::string_view octets, bool last, std::string& out);

 private:
  std::vector<std::string> forms_;
  std::string held_;
};

inline constexpr std::size_t kEchoBytesMin = 6;

}  // namespace agentos::egress
