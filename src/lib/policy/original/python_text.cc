// str() and repr() of CPython 3.11: shortest floats, quotes chosen by content, what cannot be printed escaped.
#include <charconv>
#include <cstdlib>

#include "base/regex/pattern.h"
#include "lib/policy/original/code_points.h"
#include "lib/policy/original/python_value.h"

namespace agentos::policy::original {

namespace {

void append_hex(std::uint32_t number, int digits, std::string& out) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out += "0123456789abcdef"[(number >> shift) & 15];
}

bool printable(std::uint32_t code_point, std::string_view as_text) {
  if (code_point < 0x7f) return code_point >= 0x20;
  static const regex::Pattern kPrintable = [] {
    auto pattern = regex::Pattern::compile("[\\pL\\pM\\pN\\pP\\pS]");
    CHECK(pattern);
    return std::move(*pattern);
  }();
  return kPrintable.full_match(as_text);
}

void append_quoted(std::string_view text, std::string& out) {
  const bool single_inside = text.find('\'') != std::string_view::npos;
  const bool double_inside = text.find('"') != std::string_view::npos;
  const char quote = single_inside && !double_inside ? '"' : '\'';
  out += quote;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint next = code_point_at(text, at);
    const std::string_view piece = text.substr(at, next.octets);
    at += next.octets;
    const std::uint32_t c = next.value;
    if (c == '\n' || c == '\r' || c == '\t') {
      out += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
    } else if (c == '\\' || c == static_cast<unsigned char>(quote)) {
      out += '\\';
      out += piece;
    } else if (printable(c, piece)) {
      out += piece;
    } else if (c < 0x100) {
      out += "\\x";
      append_hex(c, 2, out);
    } else if (c < 0x10000) {
      out += "\\u";
      append_hex(c, 4, out);
    } else {
      out += "\\U";
      append_hex(c, 8, out);
    }
  }
  out += quote;
}

// Fixed notation from 1e-4 up to below 1e16, always with a point or an exponent, which has two digits at least.
void append_float(double number, std::string& out) {
  char scientific[32];
  const auto end = std::to_chars(scientific, scientific + sizeof scientific, number, std::chars_format::scientific).ptr;
  std::string_view text(scientific, static_cast<std::size_t>(end - scientific));
  const std::size_t e = text.find('e');
  const int exponent = std::atoi(std::string(text.substr(e + 1)).c_str());
  if (exponent < -4 || exponent >= 16) {
    out += text;
    return;
  }
  std::string_view mantissa = text.substr(0, e);
  if (mantissa.starts_with('-')) {
    out += '-';
    mantissa.remove_prefix(1);
  }
  std::string digits(mantissa.substr(0, 1));
  if (mantissa.size() > 2) digits += mantissa.substr(2);
  if (exponent < 0) {
    out += "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
    return;
  }
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() < whole) digits.append(whole - digits.size(), '0');
  out += digits.substr(0, whole) + "." + (digits.size() > whole ? digits.substr(whole) : "0");
}

void append_repr(const json::Value& value, std::string& out) {
  if (value.is_string()) return append_quoted(value.as_string(), out);
  if (value.is_array()) {
    out += '[';
    for (const json::Value& item : value.as_array()) {
      if (&item != value.as_array().data()) out += ", ";
      append_repr(item, out);
    }
    out += ']';
  } else if (value.is_object()) {
    out += '{';
    for (const auto& member : value.as_object()) {
      if (&member != value.as_object().begin()) out += ", ";
      append_quoted(member.first, out);
      out += ": ";
      append_repr(member.second, out);
    }
    out += '}';
  } else if (value.is_bool()) {
    out += value.as_bool() ? "True" : "False";
  } else if (value.is_int()) {
    json::write_int(value.as_int(), out);
  } else if (value.is_double()) {
    append_float(value.as_double(), out);
  } else {
    out += "None";
  }
}

}  // namespace

void append_str(const json::Value& value, std::string& out) {
  if (value.is_string()) {
    out += value.as_string();
  } else {
    append_repr(value, out);
  }
}

}  // namespace agentos::policy::original
