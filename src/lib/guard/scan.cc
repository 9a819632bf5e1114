// Sixteen octets at a time, in two passes: for octets of interest, and for long runs of token octets. The beginning of
// a key is left to the library's search.
#include "lib/guard/scan.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "lib/guard/finders.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace agentos::guard {
namespace {

constexpr std::size_t kBlock = 16;
constexpr std::string_view kKeyBegin = "-----BEGIN ";

constexpr bool is_of_interest(char octet) { return kOctetsOfInterest[static_cast<unsigned char>(octet)]; }

// A bit for each of the sixteen octets at `at` that may be of interest: with all above 0x7F.
std::uint32_t interest(const char* at) {
#if defined(__SSE2__)
  const __m128i octets = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  // Signed: everything above 0x7F is below 0x20, too.
  __m128i found = _mm_cmplt_epi8(octets, _mm_set1_epi8(0x20));
  for (const char one : {':', '=', '\\', '\x7F'})
    found = _mm_or_si128(found, _mm_cmpeq_epi8(octets, _mm_set1_epi8(one)));
  return static_cast<std::uint32_t>(_mm_movemask_epi8(found));
#else
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < kBlock; ++i) bits |= static_cast<std::uint32_t>(is_of_interest(at[i])) << i;
  return bits;
#endif
}

// A bit for each of the sixteen octets at `at` that tokens are made of.
std::uint32_t token_octets(const char* at) {
#if defined(__SSE2__)
  const __m128i octets = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const auto within = [](__m128i of, char first, char last) {
    return _mm_and_si128(_mm_cmpgt_epi8(of, _mm_set1_epi8(static_cast<char>(first - 1))),
                         _mm_cmplt_epi8(of, _mm_set1_epi8(static_cast<char>(last + 1))));
  };
  const auto is = [&](char one) { return _mm_cmpeq_epi8(octets, _mm_set1_epi8(one)); };
  const __m128i letters = within(_mm_or_si128(octets, _mm_set1_epi8(0x20)), 'a', 'z');
  const __m128i digits = _mm_andnot_si128(is('/'), within(octets, '-', '9'));  // '-', '.', '/', '0' to '9'
  return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(letters, digits), is('_'))));
#else
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < kBlock; ++i) bits |= static_cast<std::uint32_t>(is_token_octet(at[i])) << i;
  return bits;
#endif
}

// Calls `look(first, octets)` for each block of the text; `octets` are sixteen, of which those past the text's end are
// spaces, which are nothing to find. Until `look` says false.
template <class Look>
void for_each_block(std::string_view text, Look look) {
  std::size_t block = 0;
  for (; block + kBlock <= text.size(); block += kBlock) {
    if (!look(block, text.data() + block)) return;
  }
  if (block == text.size()) return;
  char last[kBlock];
  std::memset(last, ' ', kBlock);
  std::memcpy(last, text.data() + block, text.size() - block);
  look(block, last);
}

void add(const Finding& finding, Findings& out) {
  if (out.items.size() >= kFindingsMax) {
    out.complete = false;
    return;
  }
  out.items.push_back(finding);
}

// Returns where to go on.
std::size_t look_at(std::string_view text, std::size_t at, Syntax syntax, Findings& out) {
  const char octet = text[at];
  if (octet == ':' || octet == '=') {
    if (const auto finding = assigned_at(text, at, syntax)) add(*finding, out);
    return at + 1;  // within an assigned value there may be more to see
  }
  const auto finding = character_at(text, at, syntax);
  if (finding) add(*finding, out);
  // An escape is passed as a whole, so that the second of two backslashes begins none.
  const std::size_t size = octet == '\\' && syntax == Syntax::kJson ? 2 : 1;
  return std::max(at + size, finding ? finding->end : 0);
}

void look_for_octets(std::string_view text, Syntax syntax, Findings& out) {
  std::size_t next = 0;  // everything before it was looked at
  for_each_block(text, [&](std::size_t block, const char* octets) {
    for (std::uint32_t bits = interest(octets); bits != 0; bits &= bits - 1) {
      const std::size_t at = block + static_cast<std::size_t>(std::countr_zero(bits));
      if (at < next || !is_of_interest(text[at])) continue;
      next = look_at(text, at, syntax, out);
      if (!out.complete) return false;
    }
    return true;
  });
}

// The run of token octets [begin, end) that no longer run holds.
void look_at_run(std::string_view text, std::size_t begin, std::size_t end, Findings& out) {
  if (end - begin < kTokenOctetsMin) return;
  // After an escape (\n in JSON or source text) its letter is not the token's.
  const bool escaped = begin > 0 && text[begin - 1] == '\\';
  find_tokens(text, begin + (escaped ? 1 : 0), end, out);
}

// Runs within one block are too short, so that only those over a block's edge count.
void look_for_tokens(std::string_view text, Findings& out) {
  static_assert(kTokenOctetsMin >= kBlock);
  constexpr std::uint32_t kAll = (1U << kBlock) - 1;
  std::size_t begin = 0;  // of the run that the next block may go on with
  for_each_block(text, [&](std::size_t block, const char* octets) {
    const std::uint32_t bits = token_octets(octets);
    if (bits == kAll) return true;
    look_at_run(text, begin, block + static_cast<std::size_t>(std::countr_one(bits)), out);
    begin = block + kBlock - static_cast<std::size_t>(std::countl_one(bits << (32 - kBlock)));
    return out.complete;
  });
  // A last block that is not whole ended its run; behind a whole one the text ends it.
  if (text.size() % kBlock == 0 && out.complete) look_at_run(text, begin, text.size(), out);
}

void look_for_keys(std::string_view text, Syntax syntax, Findings& out) {
  for (std::size_t at = text.find(kKeyBegin); at != text.npos && out.complete; at = text.find(kKeyBegin, at)) {
    const auto finding = private_key_at(text, at, syntax);
    if (finding) add(*finding, out);
    at = finding ? finding->end : at + kKeyBegin.size();
  }
}

// In order; of two that overlap one remains, over both, named after the surer.
void put_in_order(std::vector<Finding>& items) {
  std::ranges::sort(items, {}, [](const Finding& finding) { return std::pair(finding.begin, finding.end); });
  std::size_t kept = 0;
  for (std::size_t i = 1; i < items.size(); ++i) {
    Finding& last = items[kept];
    const Finding& next = items[i];
    if (next.begin >= last.end) {
      items[++kept] = next;
      continue;
    }
    const std::size_t end = std::max(last.end, next.end);
    const bool surer = next.confidence > last.confidence || (next.kind == Kind::kSecret && last.kind != Kind::kSecret);
    const std::size_t begin = last.begin;
    if (surer) last = next;
    last.begin = begin;
    last.end = end;
  }
  if (!items.empty()) items.resize(kept + 1);
}

}  // namespace

std::string_view name_of(Kind kind) {
  static constexpr std::string_view kNames[] = {"secret", "control", "ansi", "bidi", "zero_width", "tag"};
  static_assert(std::size(kNames) == kKinds);
  return kNames[static_cast<std::size_t>(kind)];
}

int severity_of(Confidence confidence) { return 3 * (static_cast<int>(confidence) + 1); }

void scan(std::string_view text, Syntax syntax, Findings& out) {
  out.items.clear();
  out.complete = true;
  look_for_octets(text, syntax, out);
  if (out.complete) look_for_tokens(text, out);
  if (out.complete) look_for_keys(text, syntax, out);
  if (!out.items.empty()) put_in_order(out.items);
}

Findings scan(std::string_view text, Syntax syntax) {
  Findings out;
  scan(text, syntax, out);
  return out;
}

}  // namespace agentos::guard
