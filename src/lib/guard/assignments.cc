// Values known by the name they are given to, and passwords in URLs. The names are few, and what looks like a
// placeholder, a reference or a word of prose is left alone.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "lib/guard/finders.h"

namespace agentos::guard {
namespace {

constexpr std::size_t kNameMax = 48;
constexpr std::size_t kValueMax = 1024;
constexpr std::size_t kAuthorityMax = 512;

// How a name's value looks when it is a secret: any word a person chose, or only what a machine made.
enum class Value : std::uint8_t { kChosen, kMade };

struct Name {
  std::string_view ending;  // of the name in lower case without '_', '-' and '.'
  std::string_view finding;
  Value value;
};

constexpr auto kNames = std::to_array<Name>({
    {"password", "password", Value::kChosen},
    {"passwd", "password", Value::kChosen},
    {"passphrase", "password", Value::kChosen},
    {"pwd", "password", Value::kMade},
    {"secret", "secret", Value::kMade},
    {"apikey", "api_key", Value::kMade},
    {"accesskey", "access_key", Value::kMade},
    {"secretkey", "secret_key", Value::kMade},
    {"secretaccesskey", "secret_key", Value::kMade},
    {"privatekey", "secret_key", Value::kMade},
    {"signingkey", "secret_key", Value::kMade},
    {"encryptionkey", "secret_key", Value::kMade},
    {"accountkey", "secret_key", Value::kMade},
    {"authkey", "secret_key", Value::kMade},
    {"token", "token", Value::kMade},
    {"authorization", "authorization", Value::kMade},
    {"credential", "credential", Value::kMade},
    {"credentials", "credential", Value::kMade},
});

// Tokens that only say where a list goes on.
constexpr std::array<std::string_view, 5> kHarmless = {"page", "next", "continuation", "cursor", "csrf"};

constexpr bool is_name_octet(char c) { return is_alnum(c) || c == '_' || c == '-' || c == '.'; }
constexpr bool is_quote(char c) { return c == '"' || c == '\'' || c == '`'; }

constexpr std::size_t kNameMin =
    std::ranges::min(kNames, {}, [](const Name& name) { return name.ending.size(); }).ending.size();
static_assert(kNameMin == 3);

constexpr std::size_t place_of(char letter) { return static_cast<std::size_t>(letter - 'a'); }

// By last letter: the letters that stand one and two places before it in a name.
struct Before {
  std::uint32_t one = 0, two = 0;
};
constexpr std::array<Before, 26> kBeforeLast = [] {
  std::array<Before, 26> letters{};
  for (const Name& name : kNames) {
    const std::size_t last = name.ending.size() - 1;
    Before& before = letters[place_of(name.ending[last])];
    before.one |= 1U << place_of(name.ending[last - 1]);
    before.two |= 1U << place_of(name.ending[last - 2]);
  }
  return letters;
}();

// Of the last kNameMin octets before a ':' or '='. Between the first and the second there may be a '_', '-' or '.'.
constexpr bool may_end_a_name(std::string_view ending) {
  const char first = to_lower(ending[0]), second = to_lower(ending[1]), third = to_lower(ending[2]);
  if (!is_lower(second) || !is_lower(third)) return false;
  const Before before = kBeforeLast[place_of(third)];
  if ((before.one >> place_of(second) & 1U) == 0) return false;
  return is_lower(first) ? (before.two >> place_of(first) & 1U) != 0 : is_name_octet(first);
}

// Where the name ends that a value is given to at `at`; 0 when there is none. The last letters settle nearly every name
// without reading it.
std::size_t end_of_name(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end > 0 && (text[end - 1] == ' ' || is_quote(text[end - 1]) || text[end - 1] == '\\')) {
    if (at - --end > 4) return 0;
  }
  return end >= kNameMin && may_end_a_name(text.substr(end - kNameMin, kNameMin)) ? end : 0;
}

const Name* name_before(std::string_view text, std::size_t end) {
  std::array<char, kNameMax> letters;
  std::size_t size = 0;
  std::size_t begin = end;
  while (begin > 0 && end - begin < kNameMax && is_name_octet(text[begin - 1])) --begin;
  for (std::size_t i = begin; i < end; ++i) {
    if (is_alnum(text[i])) letters[size++] = to_lower(text[i]);
  }
  const std::string_view name(letters.data(), size);
  const auto found = std::ranges::find_if(kNames, [&](const Name& one) { return name.ends_with(one.ending); });
  if (found == kNames.end()) return nullptr;
  if (std::ranges::any_of(kHarmless, [&](std::string_view word) { return name.find(word) != name.npos; }))
    return nullptr;
  return found;
}

// Bits a character; 0 for what is empty.
double entropy_of(std::string_view text) {
  std::array<int, 256> counts{};
  for (const char c : text) ++counts[static_cast<unsigned char>(c)];
  double bits = 0;
  for (const int count : counts) {
    if (count == 0) continue;
    const double part = static_cast<double>(count) / static_cast<double>(text.size());
    bits -= part * std::log2(part);
  }
  return bits;
}

// References to where a value is, and stand-ins for one.
bool is_placeholder(std::string_view value) {
  constexpr std::string_view kOpeners = "$<{[%(*";
  if (kOpeners.find(value.front()) != kOpeners.npos) return true;
  if (std::ranges::all_of(value, [&](char c) { return c == value.front(); })) return true;
  std::string lower;
  for (const char c : value.substr(0, 64)) lower += to_lower(c);
  for (const std::string_view word : {"null", "none", "true", "false", "undefined", "required", "optional", "string",
                                      "password", "secret", "token", "redacted", "example", "changeme"}) {
    if (lower == word) return true;
  }
  for (const std::string_view part :
       {"your", "environ", "getenv", "process.env", "xxxx", "placeholder", "****", "..."}) {
    if (lower.find(part) != lower.npos) return true;
  }
  return false;
}

bool is_made(std::string_view value) {
  return value.size() >= 16 && std::ranges::any_of(value, is_digit) &&
         std::ranges::any_of(value, [](char c) { return is_lower(c) || is_upper(c); }) && entropy_of(value) >= 3.2;
}

bool is_chosen(std::string_view value, bool quoted) {
  if (quoted) return value.size() >= 4;
  // Bare, prose looks much the same: "password: required".
  return value.size() >= 6 && !std::ranges::all_of(value, [](char c) { return is_lower(c) || is_upper(c); });
}

// "scheme://user:password@host": the password.
[[gnu::noinline]] std::optional<Finding> password_of_url(std::string_view text, std::size_t authority) {
  std::size_t colon = text.npos;
  const std::size_t limit = std::min(text.size(), authority + kAuthorityMax);
  for (std::size_t at = authority; at < limit; ++at) {
    const char c = text[at];
    if (c == '@') {
      if (colon == text.npos || at - colon < 2) return std::nullopt;
      const std::string_view password = text.substr(colon + 1, at - colon - 1);
      if (is_placeholder(password)) return std::nullopt;
      return Finding{Kind::kSecret, Confidence::kHigh, "url_password", colon + 1, at};
    }
    if (c == ':' && colon == text.npos) colon = at;
    if (c == '/' || c == '?' || c == '#' || c == '\\' || is_quote(c) || static_cast<unsigned char>(c) <= ' ') break;
  }
  return std::nullopt;
}

// The value given at `at` to the name that ends at `name_end`.
[[gnu::noinline]] std::optional<Finding> value_of_name(std::string_view text, std::size_t name_end, std::size_t at,
                                                       Syntax syntax) {
  const Name* name = name_before(text, name_end);
  if (name == nullptr) return std::nullopt;
  std::size_t begin = at + 1;
  while (begin < text.size() && (text[begin] == ' ' || text[begin] == '=' || text[begin] == '>')) ++begin;
  // Behind a quote, perhaps one that is escaped: a value of JSON that lies in a string.
  const bool was_quoted_name = at > 0 && is_quote(text[at - 1]);
  if (begin + 1 < text.size() && text[begin] == '\\' && is_quote(text[begin + 1])) ++begin;
  const bool quoted = begin < text.size() && is_quote(text[begin]);
  if (quoted) ++begin;
  // In JSON a name of a member has its value in quotes, or no text as its value.
  if (syntax == Syntax::kJson && was_quoted_name && !quoted) return std::nullopt;
  for (const std::string_view scheme : {"Bearer ", "bearer ", "Basic ", "basic ", "token "}) {
    if (text.substr(begin).starts_with(scheme)) begin += scheme.size();
  }
  std::size_t end = begin;
  const std::size_t limit = std::min(text.size(), begin + kValueMax);
  while (end < limit) {
    const char c = text[end];
    const auto value = static_cast<unsigned char>(c);
    if (is_quote(c) || c == '\\' || value < 0x20 || value == 0x7F) break;
    if (!quoted && (c == ' ' || c == ',' || c == ';' || c == '&' || c == ')' || c == '}' || c == ']' || c == '<'))
      break;
    ++end;
  }
  // Whole characters.
  while (end > begin && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  const std::string_view value = text.substr(begin, end - begin);
  if (value.size() < 4 || is_placeholder(value)) return std::nullopt;
  const bool made = is_made(value) && value.find(' ') == value.npos;
  if (!made && (name->value == Value::kMade || !is_chosen(value, quoted))) return std::nullopt;
  return Finding{Kind::kSecret, Confidence::kMedium, name->finding, begin, end};
}

}  // namespace

std::optional<Finding> assigned_at(std::string_view text, std::size_t at, Syntax syntax) {
  if (at + 2 < text.size() && text[at] == ':' && text[at + 1] == '/' && text[at + 2] == '/')
    return password_of_url(text, at + 3);
  const std::size_t name_end = end_of_name(text, at);
  if (name_end == 0) return std::nullopt;
  return value_of_name(text, name_end, at, syntax);
}

}  // namespace agentos::guard
