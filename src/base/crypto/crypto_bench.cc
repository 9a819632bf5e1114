// Nanoseconds of one digest, MAC and signature: best of five rounds, one thread.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "base/crypto/hash.h"

namespace {

template <class Body>
double best_ns(int repeats, Body body) {
  double best = 1e18;
  for (int round = 0; round < 5; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < repeats; ++i) body();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count() / repeats);
  }
  return best;
}

}  // namespace

int main() {
  using namespace agentos::crypto;
  const std::string content(256, 'x');
  const std::string_view front = std::string_view(content).substr(0, 128);
  const std::string_view back = std::string_view(content).substr(128);
  unsigned sum = 0;
  fmt::print("sha256, 256 octets:             {:8.0f} ns\n", best_ns(200'000, [&] { sum += sha256(content)[0]; }));
  fmt::print("sha256, 128 + 128 octets:       {:8.0f} ns\n", best_ns(200'000, [&] { sum += sha256(front, back)[0]; }));
  fmt::print("hmac_sha256, 256 octets:        {:8.0f} ns\n",
             best_ns(100'000, [&] { sum += hmac_sha256("key", content)[0]; }));
  const SigningKey key = signing_key_from_seed(std::array<std::byte, 32>{});
  const auto signature = sign(key, content);
  fmt::print("Ed25519 sign:                   {:8.0f} ns\n", best_ns(2'000, [&] { sum += sign(key, content)[0]; }));
  fmt::print("Ed25519 verify:                 {:8.0f} ns\n",
             best_ns(2'000, [&] { sum += verify(key.verify_key, content, signature) ? 1u : 0u; }));
  return sum == 0 ? 1 : 0;
}
