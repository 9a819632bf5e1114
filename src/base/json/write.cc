// Three writers over one walk: compact, indented, and canonical (RFC 8785).
//
// A floating-point number of 2^53 or more is written with an exponent, except in canonical text where the RFC fixes the
// form: parse() reads integer literals as exact int64, and the RFC's rounded digits would come back as another number.
#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/digits.h"
#include "base/json/value.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace agentos::json {
namespace {

constexpr double kTwoTo53 = 9007199254740992.0;
constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
constexpr std::uint64_t kHighs = 0x8080808080808080ULL;

// High bit set in every octet (up to the first such) that is a control, a quote or a backslash.
std::uint64_t must_escape(std::uint64_t eight) {
  const std::uint64_t quote = eight ^ (kOnes * '"');
  const std::uint64_t backslash = eight ^ (kOnes * '\\');
  return (((eight - kOnes * 0x20) & ~eight) | ((quote - kOnes) & ~quote) | ((backslash - kOnes) & ~backslash)) & kHighs;
}

// Octets before the first one that must be escaped.
std::size_t plain_prefix(std::string_view text) {
  std::size_t at = 0;
#if defined(__SSE2__)
  for (; text.size() - at >= sizeof(__m128i); at += sizeof(__m128i)) {
    const __m128i octets = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const auto is = [&](char one) { return _mm_cmpeq_epi8(octets, _mm_set1_epi8(one)); };
    // Unsigned, at most 0x1F: what the larger of the two is 0x1F.
    const __m128i control = _mm_cmpeq_epi8(_mm_max_epu8(octets, _mm_set1_epi8(0x1F)), _mm_set1_epi8(0x1F));
    const auto found =
        static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(is('"'), is('\\')))));
    if (found != 0) return at + static_cast<std::size_t>(std::countr_zero(found));
  }
#endif
  for (; text.size() - at >= 8; at += 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, text.data() + at, 8);
    if (const std::uint64_t found = must_escape(eight))
      return at + static_cast<std::size_t>(std::countr_zero(found)) / 8;
  }
  for (; at < text.size(); ++at) {
    const auto octet = static_cast<unsigned char>(text[at]);
    if (octet < 0x20 || octet == '"' || octet == '\\') break;
  }
  return at;
}

void write_escape(char c, std::string& out) {
  static constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\b':
      out += "\\b";
      break;
    case '\f':
      out += "\\f";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      out += "\\u00";
      out += kHex[(c >> 4) & 1];
      out += kHex[c & 15];
  }
}

struct Shortest {
  std::string_view digits;  // d1 d2 ... without point
  int exponent = 0;         // value = 0.d1d2... * 10^exponent
};

// `buffer` keeps the digits alive. Precondition: number is finite and above zero.
Shortest shortest_of(double number, std::array<char, 32>& buffer) {
  const auto written =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::scientific);
  char* const mark = std::find(buffer.data(), written.ptr, 'e');
  const char* exponent_text = mark + 1;
  if (*exponent_text == '+') ++exponent_text;
  int exponent = 0;
  std::from_chars(exponent_text, written.ptr, exponent);
  std::size_t size = 1;
  if (mark - buffer.data() > 2) {
    size = static_cast<std::size_t>(mark - buffer.data()) - 1;
    std::memmove(buffer.data() + 1, buffer.data() + 2, size - 1);
  }
  return {std::string_view(buffer.data(), size), exponent + 1};
}

void write_with_exponent(const Shortest& shortest, std::string& out) {
  out += shortest.digits[0];
  if (shortest.digits.size() > 1) {
    out += '.';
    out += shortest.digits.substr(1);
  }
  out += shortest.exponent - 1 < 0 ? "e-" : "e+";
  write_int(std::abs(shortest.exponent - 1), out);
}

// UTF-16 order is octet order but that the surrogates of U+10000 and above (lead F0..F4) sort before U+E000 (lead EE).
unsigned utf16_rank(char c) {
  const unsigned octet = static_cast<unsigned char>(c);
  return octet >= 0xF0 ? octet - 2 : octet >= 0xEE ? octet + 5 : octet;
}
bool utf16_less(std::string_view a, std::string_view b) {
  const std::size_t shared = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < shared; ++i) {
    if (a[i] != b[i]) return utf16_rank(a[i]) < utf16_rank(b[i]);
  }
  return a.size() < b.size();
}

enum class Style { kCompact, kPretty, kCanonical };

template <Style style>
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}
  void value(const Value& value);

 private:
  void object(const Object& object);
  void array(const Array& array);
  void member(const Object::Member& member) {
    write_string(member.first, out_);
    out_ += style == Style::kPretty ? ": " : ":";
    value(member.second);
  }
  void separate(bool first) {
    if (!first) out_ += ',';
    line();
  }
  void line() {
    if constexpr (style == Style::kPretty) {
      out_ += '\n';
      out_.append(indent_ * 2, ' ');
    }
  }

  std::string& out_;
  std::size_t indent_ = 0;
};

template <Style style>
void Writer<style>::value(const Value& value) {
  if (value.is_string()) {
    write_string(value.as_string(), out_);
  } else if (value.is_object()) {
    object(value.as_object());
  } else if (value.is_int()) {
    write_int(value.as_int(), out_);
  } else if (value.is_array()) {
    array(value.as_array());
  } else if (value.is_bool()) {
    out_ += value.as_bool() ? "true" : "false";
  } else if (value.is_null()) {
    out_ += "null";
  } else if (const double number = value.as_double(); style == Style::kCanonical || std::fabs(number) < kTwoTo53) {
    write_double(number, out_);
  } else {
    std::array<char, 32> buffer;
    if (number < 0) out_ += '-';
    write_with_exponent(shortest_of(std::fabs(number), buffer), out_);
  }
}

template <Style style>
void Writer<style>::array(const Array& array) {
  out_ += '[';
  ++indent_;
  for (std::size_t i = 0; i < array.size(); ++i) {
    separate(i == 0);
    value(array[i]);
  }
  --indent_;
  if (!array.empty()) line();
  out_ += ']';
}

template <Style style>
void Writer<style>::object(const Object& object) {
  out_ += '{';
  ++indent_;
  if constexpr (style == Style::kCanonical) {
    constexpr std::size_t kOnStack = 24;
    std::array<const Object::Member*, kOnStack> few;
    std::vector<const Object::Member*> many;
    const Object::Member** members = few.data();
    if (object.size() > kOnStack) {
      many.resize(object.size());
      members = many.data();
    }
    for (std::size_t i = 0; i < object.size(); ++i) members[i] = object.begin() + i;
    std::sort(members, members + object.size(), [](auto* a, auto* b) { return utf16_less(a->first, b->first); });
    for (std::size_t i = 0; i < object.size(); ++i) {
      separate(i == 0);
      member(*members[i]);
    }
  } else {
    for (const Object::Member* at = object.begin(); at != object.end(); ++at) {
      separate(at == object.begin());
      member(*at);
    }
  }
  --indent_;
  if (!object.empty()) line();
  out_ += '}';
}

}  // namespace

void write_string(std::string_view utf8, std::string& out) {
  std::size_t plain = plain_prefix(utf8);
  if (plain == utf8.size()) {  // the usual case: one growth
    const std::size_t before = out.size(), size = before + plain + 2;
    // The library may offer more room than was asked for.
    out.resize_and_overwrite(size, [&](char* octets, std::size_t) {
      octets[before] = '"';
      if (plain != 0) std::memcpy(octets + before + 1, utf8.data(), plain);
      octets[size - 1] = '"';
      return size;
    });
    return;
  }
  out += '"';
  for (;; plain = plain_prefix(utf8)) {
    out.append(utf8.data(), plain);
    if (plain == utf8.size()) break;
    write_escape(utf8[plain], out);
    utf8.remove_prefix(plain + 1);
  }
  out += '"';
}

void write_int(std::int64_t number, std::string& out) {
  std::array<char, kDigitsRoom> buffer;
  out.append(buffer.data(), write_digits(buffer.data(), number));
}

// ECMA-262, Number::toString, radix 10.
void write_double(double number, std::string& out) {
  CHECK(std::isfinite(number));
  if (std::fabs(number) < kTwoTo53 && std::trunc(number) == number) {
    write_int(static_cast<std::int64_t>(number), out);  // -0 becomes 0, as the source asks
    return;
  }
  if (number < 0) out += '-';
  std::array<char, 32> buffer;
  const Shortest shortest = shortest_of(std::fabs(number), buffer);
  const int size = static_cast<int>(shortest.digits.size());
  const int point = shortest.exponent;
  if (point > 21 || point <= -6) {
    write_with_exponent(shortest, out);
  } else if (point >= size) {
    out += shortest.digits;
    out.append(static_cast<std::size_t>(point - size), '0');
  } else if (point > 0) {
    out += shortest.digits.substr(0, static_cast<std::size_t>(point));
    out += '.';
    out += shortest.digits.substr(static_cast<std::size_t>(point));
  } else {
    out += "0.";
    out.append(static_cast<std::size_t>(-point), '0');
    out += shortest.digits;
  }
}

void write(const Value& value, std::string& out) { Writer<Style::kCompact>(out).value(value); }
void write_canonical(const Value& value, std::string& out) { Writer<Style::kCanonical>(out).value(value); }

std::string write(const Value& value) {
  std::string out;
  write(value, out);
  return out;
}

std::string write_pretty(const Value& value) {
  std::string out;
  Writer<Style::kPretty>(out).value(value);
  return out;
}

std::string write_canonical(const Value& value) {
  std::string out;
  write_canonical(value, out);
  return out;
}

}  // namespace agentos::json
