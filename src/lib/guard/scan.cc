// One pass with three ways of skipping: sixteen octets at a time where none is of interest, runs of token octets by
// looking at every sixteenth, and the library's search for the beginning of a key.
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
  const auto finding = octet == ':' || octet == '=' ? assigned_at(text, at, syntax) : character_at(text, at, syntax);
  if (finding) add(*finding, out);
  // An escape is passed as a whole, so that the second of two backslashes begins none.
  if (octet == '\\' && syntax == Syntax::kJson) return std::max(at + 2, finding ? finding->end : 0);
  // Within an assigned value there may be more to see.
  return octet == ':' || octet == '=' ? at + 1 : std::max(at + 1, finding ? finding->end : 0);
}

void look_for_octets(std::string_view text, Syntax syntax, Findings& out) {
  std::size_t next = 0;  // everything before it was looked at
  std::size_t block = 0;
  for (; block + kBlock <= text.size(); block += kBlock) {
    for (std::uint32_t bits = interest(text.data() + block); bits != 0; bits &= bits - 1) {
      const std::size_t at = block + static_cast<std::size_t>(std::countr_zero(bits));
      if (at < next || !is_of_interest(text[at])) continue;
      next = look_at(text, at, syntax, out);
      if (!out.complete) return;
    }
  }
  for (std::size_t at = std::max(block, next); at < text.size();) {
    at = is_of_interest(text[at]) ? look_at(text, at, syntax, out) : at + 1;
    if (!out.complete) return;
  }
}

void look_for_tokens(std::string_view text, Findings& out) {
  std::size_t at = 0;  // no run that was not looked at begins before it
  while (at + kTokenOctetsMin <= text.size() && out.complete) {
    std::size_t back = at + kTokenOctetsMin;
    while (back > at && is_token_octet(text[back - 1])) --back;
    if (back > at) {
      at = back;
      continue;
    }
    std::size_t end = at + kTokenOctetsMin;
    while (end < text.size() && is_token_octet(text[end])) ++end;
    // After an escape (\n in JSON or source text) its letter is not the token's.
    const bool escaped = at > 0 && text[at - 1] == '\\';
    find_tokens(text, at + (escaped ? 1 : 0), end, out);
    at = end;
  }
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
