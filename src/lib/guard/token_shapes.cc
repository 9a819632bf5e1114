// Tokens known by their beginning. Each shape asks for as much as its issuer promises (length, alphabet, a digit), so
// that names and prose which only begin like one are left alone.
#include <algorithm>
#include <array>
#include <bit>

#include "lib/guard/finders.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace agentos::guard {
namespace {

enum class Letters : std::uint8_t { kUpperOrDigit, kHex, kAlnum, kAlnumUnderscore, kAlnumDash, kAny };

struct Shape {
  std::string_view prefix;
  std::string_view name;
  Letters letters = Letters::kAlnum;
  std::size_t rest_min = 0;  // octets after the prefix
  std::size_t rest_max = 512;
  bool needs_digit = true;
};

constexpr auto kShapes = std::to_array<Shape>({
    {"AKIA", "aws_access_key", Letters::kUpperOrDigit, 16, 16, false},
    {"ASIA", "aws_access_key", Letters::kUpperOrDigit, 16, 16, false},
    {"ABIA", "aws_access_key", Letters::kUpperOrDigit, 16, 16, false},
    {"ACCA", "aws_access_key", Letters::kUpperOrDigit, 16, 16, false},
    {"AIza", "google_api_key", Letters::kAlnumDash, 35, 35},
    {"GOCSPX-", "google_client_secret", Letters::kAlnumDash, 28, 28},
    {"ya29.", "google_access_token", Letters::kAny, 20},
    {"ghp_", "github_token", Letters::kAlnum, 36, 255},
    {"gho_", "github_token", Letters::kAlnum, 36, 255},
    {"ghu_", "github_token", Letters::kAlnum, 36, 255},
    {"ghs_", "github_token", Letters::kAlnum, 36, 255},
    {"ghr_", "github_token", Letters::kAlnum, 36, 255},
    {"github_pat_", "github_token", Letters::kAlnumUnderscore, 50, 255},
    {"glpat-", "gitlab_token", Letters::kAlnumDash, 20},
    {"glrt-", "gitlab_token", Letters::kAlnumDash, 20},
    {"gldt-", "gitlab_token", Letters::kAlnumDash, 20},
    {"xoxb-", "slack_token", Letters::kAlnumDash, 20},
    {"xoxp-", "slack_token", Letters::kAlnumDash, 20},
    {"xoxa-", "slack_token", Letters::kAlnumDash, 20},
    {"xoxr-", "slack_token", Letters::kAlnumDash, 20},
    {"xoxs-", "slack_token", Letters::kAlnumDash, 20},
    {"xapp-", "slack_token", Letters::kAlnumDash, 20},
    {"sk_live_", "stripe_key", Letters::kAlnum, 16},
    {"sk_test_", "stripe_key", Letters::kAlnum, 16},
    {"rk_live_", "stripe_key", Letters::kAlnum, 16},
    {"rk_test_", "stripe_key", Letters::kAlnum, 16},
    {"whsec_", "stripe_webhook_secret", Letters::kAlnum, 24},
    {"sk-ant-", "anthropic_key", Letters::kAlnumDash, 24},
    {"sk-proj-", "openai_key", Letters::kAlnumDash, 24},
    {"sk-svcacct-", "openai_key", Letters::kAlnumDash, 24},
    {"sk-admin-", "openai_key", Letters::kAlnumDash, 24},
    {"sk-or-v1-", "openrouter_key", Letters::kHex, 64},
    {"sk-", "openai_key", Letters::kAlnum, 32},
    {"gsk_", "groq_key", Letters::kAlnum, 40},
    {"xai-", "xai_key", Letters::kAlnum, 60},
    {"pplx-", "perplexity_key", Letters::kAlnum, 40},
    {"r8_", "replicate_token", Letters::kAlnum, 37, 40},
    {"hf_", "huggingface_token", Letters::kAlnum, 34, 40},
    {"npm_", "npm_token", Letters::kAlnum, 36, 36},
    {"pypi-AgEIcHlwaS5vcmc", "pypi_token", Letters::kAlnumDash, 50},
    {"dckr_pat_", "docker_token", Letters::kAlnumDash, 24},
    {"dop_v1_", "digitalocean_token", Letters::kHex, 64, 64},
    {"hvs.", "vault_token", Letters::kAlnumDash, 24},
    {"hvb.", "vault_token", Letters::kAlnumDash, 24},
    {"SG.", "sendgrid_key", Letters::kAny, 60, 80},
    {"shpat_", "shopify_token", Letters::kHex, 32, 32},
    {"shpss_", "shopify_token", Letters::kHex, 32, 32},
    {"sq0atp-", "square_token", Letters::kAlnumDash, 22},
    {"sq0csp-", "square_token", Letters::kAlnumDash, 40},
    {"lin_api_", "linear_key", Letters::kAlnum, 32},
    {"figd_", "figma_token", Letters::kAlnumDash, 30},
    {"ATATT3", "atlassian_token", Letters::kAlnumDash, 100},
    {"tskey-", "tailscale_key", Letters::kAlnumDash, 24},
    {"AGE-SECRET-KEY-1", "age_key", Letters::kUpperOrDigit, 58, 58},
});

// The shapes that begin with each octet: a list through the table, in its order, by index + 1; 0 ends it.
struct ShapesByFirst {
  std::array<std::uint8_t, 256> first{};
  std::array<std::uint8_t, kShapes.size()> next{};
};
static_assert(kShapes.size() < 255);
static_assert(std::ranges::all_of(kShapes, [](const Shape& shape) { return shape.prefix.size() >= 2; }));
constexpr ShapesByFirst kByFirst = [] {
  ShapesByFirst by;
  for (std::size_t i = kShapes.size(); i-- > 0;) {
    std::uint8_t& head = by.first[static_cast<unsigned char>(kShapes[i].prefix[0])];
    by.next[i] = head;
    head = static_cast<std::uint8_t>(i + 1);
  }
  return by;
}();

bool is_of(Letters letters, char c) {
  switch (letters) {
    case Letters::kUpperOrDigit:
      return is_upper(c) || is_digit(c);
    case Letters::kHex:
      return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    case Letters::kAlnum:
      return is_alnum(c);
    case Letters::kAlnumUnderscore:
      return is_alnum(c) || c == '_';
    case Letters::kAlnumDash:
      return is_alnum(c) || c == '_' || c == '-';
    case Letters::kAny:
      return is_token_octet(c);
  }
  return false;
}

// Where in the run [at, end) of token octets, behind its first, a token may begin that is long enough: behind the first
// '_', '-' or '.'. `end` when nowhere.
std::size_t behind_mark(std::string_view text, std::size_t at, std::size_t end) {
#if defined(__SSE2__)
  static_assert(kTokenOctetsMin >= sizeof(__m128i), "what follows a mark in the last octets is too short");
  for (; at + sizeof(__m128i) <= end; at += sizeof(__m128i)) {
    const __m128i octets = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const auto is = [&](char one) { return _mm_cmpeq_epi8(octets, _mm_set1_epi8(one)); };
    const auto marks =
        static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(is('_'), is('-')), is('.'))));
    if (marks != 0) return at + static_cast<std::size_t>(std::countr_zero(marks)) + 1;
  }
  return end;
#else
  while (at < end && is_alnum(text[at])) ++at;
  return std::min(at + 1, end);
#endif
}

// Octets of `run` that are this shape; 0: it is none.
std::size_t length_of(const Shape& shape, std::string_view run) {
  if (!run.starts_with(shape.prefix)) return 0;
  std::size_t end = shape.prefix.size();
  bool digit = !shape.needs_digit;
  while (end < run.size() && end - shape.prefix.size() <= shape.rest_max && is_of(shape.letters, run[end])) {
    digit |= is_digit(run[end]);
    ++end;
  }
  const std::size_t rest = end - shape.prefix.size();
  if (rest < shape.rest_min || rest > shape.rest_max || !digit) return 0;
  // Of an exact length: the run ends there, but for the full stop of a sentence or a dash.
  if (shape.rest_min == shape.rest_max && end < run.size() && is_alnum(run[end])) return 0;
  return end;
}

// Three parts of base64url, the first two of which begin an object ("eyJ").
std::size_t web_token_length(std::string_view run) {
  constexpr std::size_t kPartMin = 10;
  std::size_t part_begin = 0;
  for (int part = 0; part < 3; ++part) {
    if (part < 2 && !run.substr(part_begin).starts_with("eyJ")) return 0;
    std::size_t end = part_begin;
    while (end < run.size() && run[end] != '.') ++end;
    if (end - part_begin < kPartMin) return 0;
    if (part == 2) return end;
    if (end == run.size()) return 0;
    part_begin = end + 1;
  }
  return 0;
}

bool follows_bearer(std::string_view text, std::size_t begin) {
  constexpr std::string_view kWord = "bearer ";
  if (begin < kWord.size()) return false;
  const std::string_view before = text.substr(begin - kWord.size(), kWord.size());
  return std::ranges::equal(before, kWord, {}, to_lower);
}

}  // namespace

void find_tokens(std::string_view text, std::size_t begin, std::size_t end, Findings& out) {
  const auto add = [&](std::string_view name, std::size_t at, std::size_t size) {
    if (out.items.size() < kFindingsMax) {
      out.items.push_back({Kind::kSecret, Confidence::kHigh, name, at, at + size});
    } else {
      out.complete = false;
    }
  };
  bool found = false;
  for (std::size_t at = begin; at + kTokenOctetsMin <= end;) {
    const std::uint8_t shapes = kByFirst.first[static_cast<unsigned char>(text[at])];
    if (shapes == 0 && text[at] != 'e') {
      at = behind_mark(text, at, end);
      continue;
    }
    const std::string_view run = text.substr(at, end - at);
    std::size_t size = text[at] == 'e' ? web_token_length(run) : 0;
    if (size != 0) add("json_web_token", at, size);
    for (std::uint8_t next = shapes; next != 0 && size == 0; next = kByFirst.next[next - 1]) {
      const Shape& shape = kShapes[next - 1];
      if (run[1] != shape.prefix[1]) continue;
      size = length_of(shape, run);
      if (size != 0) add(shape.name, at, size);
    }
    found |= size != 0;
    at = behind_mark(text, at + std::max<std::size_t>(size, 1) - 1, end);
  }
  if (found || !follows_bearer(text, begin)) return;
  const std::string_view run = text.substr(begin, end - begin);
  if (run.size() >= 20 && std::ranges::any_of(run, is_digit)) add("bearer_token", begin, run.size());
}

std::optional<Finding> private_key_at(std::string_view text, std::size_t begin, Syntax syntax) {
  constexpr std::size_t kLabelMax = 64;
  const std::string_view label = text.substr(begin, kLabelMax);
  const std::size_t key = label.find("PRIVATE KEY");
  if (key == label.npos || label.substr(0, key).find('\n') != label.npos) return std::nullopt;
  std::size_t end = text.find("-----END ", begin);
  if (end != text.npos) {
    const std::size_t close = text.find("-----", end + 9);
    end = close == text.npos || close > end + kLabelMax ? text.size() : close + 5;
  } else {
    end = text.size();
  }
  if (syntax == Syntax::kJson) {
    // Not beyond the string it stands in, nor into the middle of an escape.
    std::size_t at = begin;
    while (at < end && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
    end = std::min(at, end);
  }
  return Finding{Kind::kSecret, Confidence::kHigh, "private_key", begin, end};
}

}  // namespace agentos::guard
