// FIPS 180-4 with the SHA extensions of x86-64. The blocks that both messages have are hashed together, those of the
// longer one alone; the last one or two, with the padding, are put together on the stack.
#include "base/crypto/sha256_pair.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/crypto/sha256_fast.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace agentos::crypto {

#if defined(__x86_64__)

namespace {

constexpr std::size_t kBlock = 64;

alignas(16) constexpr std::uint32_t kRoundConstants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// The eight words of a state in the order the instructions want them: (a, b, e, f) and (c, d, g, h), highest first.
struct State {
  __m128i abef = _mm_set_epi32(0x6a09e667, static_cast<int>(0xbb67ae85), 0x510e527f, static_cast<int>(0x9b05688c));
  __m128i cdgh = _mm_set_epi32(0x3c6ef372, static_cast<int>(0xa54ff53a), 0x1f83d9ab, 0x5be0cd19);
};

// `Lanes` messages, `count` blocks of each. What the lanes do lies side by side, so that they run at once.
template <std::size_t Lanes>
__attribute__((target("sha,sse4.1,ssse3"))) void compress(std::array<State*, Lanes> states,
                                                          std::array<const char*, Lanes> from, std::size_t count) {
  const __m128i kBigEndian = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  std::array<__m128i, Lanes> abef, cdgh;
  for (std::size_t lane = 0; lane < Lanes; ++lane) {
    abef[lane] = states[lane]->abef;
    cdgh[lane] = states[lane]->cdgh;
  }
  for (std::size_t block = 0; block < count; ++block) {
    const std::array<__m128i, Lanes> abef_before = abef, cdgh_before = cdgh;
    std::array<std::array<__m128i, 4>, Lanes> words;  // the last sixteen of the schedule
#pragma clang loop unroll(full)
    for (std::size_t four = 0; four < 16; ++four) {
#pragma clang loop unroll(full)
      for (std::size_t lane = 0; lane < Lanes; ++lane) {
        auto& w = words[lane];
        if (four < 4) {
          const auto* at = reinterpret_cast<const __m128i*>(from[lane] + block * kBlock + four * sizeof(__m128i));
          w[four] = _mm_shuffle_epi8(_mm_loadu_si128(at), kBigEndian);
        } else {
          const __m128i last = w[(four + 3) % 4];
          const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w[four % 4], w[(four + 1) % 4]),
                                            _mm_alignr_epi8(last, w[(four + 2) % 4], 4));
          w[four % 4] = _mm_sha256msg2_epu32(sum, last);
        }
        const __m128i constants = _mm_load_si128(reinterpret_cast<const __m128i*>(kRoundConstants + 4 * four));
        const __m128i input = _mm_add_epi32(w[four % 4], constants);
        cdgh[lane] = _mm_sha256rnds2_epu32(cdgh[lane], abef[lane], input);
        abef[lane] = _mm_sha256rnds2_epu32(abef[lane], cdgh[lane], _mm_shuffle_epi32(input, 0x0E));
      }
    }
    for (std::size_t lane = 0; lane < Lanes; ++lane) {
      abef[lane] = _mm_add_epi32(abef[lane], abef_before[lane]);
      cdgh[lane] = _mm_add_epi32(cdgh[lane], cdgh_before[lane]);
    }
  }
  for (std::size_t lane = 0; lane < Lanes; ++lane) {
    states[lane]->abef = abef[lane];
    states[lane]->cdgh = cdgh[lane];
  }
}

// The end of a message: what its whole blocks leave, the padding and the length.
struct Ending {
  char octets[2 * kBlock];
  std::size_t blocks;

  explicit Ending(std::string_view message) {
    const std::size_t rest = message.size() % kBlock;
    blocks = rest + 9 <= kBlock ? 1 : 2;
    std::memset(octets, 0, sizeof(octets));
    if (rest != 0) std::memcpy(octets, message.data() + (message.size() - rest), rest);
    octets[rest] = static_cast<char>(0x80);
    const std::uint64_t bits = __builtin_bswap64(std::uint64_t{message.size()} * 8);
    std::memcpy(octets + blocks * kBlock - sizeof(bits), &bits, sizeof(bits));
  }
};

// Both as far as both go, then the longer one.
void hash_both(State& first, const char* first_from, std::size_t first_blocks, State& second, const char* second_from,
               std::size_t second_blocks) {
  const std::size_t both = std::min(first_blocks, second_blocks);
  if (both != 0) compress<2>({&first, &second}, {first_from, second_from}, both);
  if (first_blocks > both) compress<1>({&first}, {first_from + both * kBlock}, first_blocks - both);
  if (second_blocks > both) compress<1>({&second}, {second_from + both * kBlock}, second_blocks - both);
}

Digest digest_of(const State& state) {
  std::array<std::uint32_t, 4> abef, cdgh;  // lowest first: f, e, b, a and h, g, d, c
  std::memcpy(abef.data(), &state.abef, sizeof(abef));
  std::memcpy(cdgh.data(), &state.cdgh, sizeof(cdgh));
  std::array<std::uint32_t, 8> words = {abef[3], abef[2], cdgh[3], cdgh[2], abef[1], abef[0], cdgh[1], cdgh[0]};
  for (std::uint32_t& word : words) word = __builtin_bswap32(word);
  return std::bit_cast<Digest>(words);
}

bool has_instructions() {
  static const bool kHas = __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("ssse3") && [] {
    std::uint32_t a = 7, b = 0, c = 0, d = 0;
    __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return (b >> 29 & 1) != 0;
  }();
  return kHas;
}

}  // namespace

bool sha256_pair_is_joint() { return has_instructions(); }

std::array<Digest, 2> sha256_pair(std::string_view first, std::string_view second) {
  if (!has_instructions()) return {sha256_fast(first), sha256_fast(second)};
  State one, two;
  hash_both(one, first.data(), first.size() / kBlock, two, second.data(), second.size() / kBlock);
  const Ending one_ending(first), two_ending(second);
  hash_both(one, one_ending.octets, one_ending.blocks, two, two_ending.octets, two_ending.blocks);
  return {digest_of(one), digest_of(two)};
}

#else

bool sha256_pair_is_joint() { return false; }

std::array<Digest, 2> sha256_pair(std::string_view first, std::string_view second) {
  return {sha256_fast(first), sha256_fast(second)};
}

#endif

}  // namespace agentos::crypto
