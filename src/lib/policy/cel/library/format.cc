// string.format(list): %s %d %f %e %b %o %x %X %%. Source: cel-spec's doc/extensions/strings.md.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "lib/policy/cel/library/library.h"
#include "lib/policy/cel/library/scratch_text.h"
#include "lib/policy/cel/library/times.h"
#include "lib/policy/cel/run/containers.h"

namespace agentos::cel {
namespace {

constexpr int kPrecisionMax = 100;
constexpr int kNestingMax = 64;

class Formatter {
 public:
  explicit Formatter(Scratch& scratch) : scratch_(scratch), out_(scratch) {}

  Value run(std::string_view pattern, Value values);

 private:
  struct Clause {
    char letter = 0;
    int precision = -1;
  };
  Value refuse(std::string_view allowed, Value value) {
    return fault(scratch_, "error during formatting: {}, was given {}", allowed, type_name_of(value));
  }
  Value parse_clause(std::string_view pattern, std::size_t& place, Clause& clause);
  // Each appends and gives an absent value, or gives an error.
  Value append(const Clause& clause, Value value);
  Value append_text(Value value, int depth);
  Value append_map(Value map, int depth);
  Value append_decimal(Value value);
  Value append_float(const Clause& clause, Value value);
  Value append_base(const Clause& clause, Value value);
  Value append_hex_octets(std::string_view octets, bool upper);
  bool append_special(double number);

  Scratch& scratch_;
  ScratchText out_;
};

Value Formatter::parse_clause(std::string_view pattern, std::size_t& place, Clause& clause) {
  if (place < pattern.size() && pattern[place] == '.') {
    ++place;
    clause.precision = 0;
    for (; place < pattern.size() && pattern[place] >= '0' && pattern[place] <= '9'; ++place)
      clause.precision = std::min(clause.precision * 10 + (pattern[place] - '0'), kPrecisionMax + 1);
    if (clause.precision > kPrecisionMax)
      return fault(scratch_, "could not parse formatting clause: precision above {}", kPrecisionMax);
  }
  if (place >= pattern.size())
    return fault(scratch_, "could not parse formatting clause: unexpected end of format string");
  clause.letter = pattern[place++];
  if (std::string_view("sdfebxXo").find(clause.letter) != std::string_view::npos) return Value();
  return fault(scratch_, "could not parse formatting clause: unrecognized formatting clause \"{}\"", clause.letter);
}

Value Formatter::run(std::string_view pattern, Value values) {
  std::uint32_t next = 0;
  for (std::size_t place = 0; place < pattern.size();) {
    const std::size_t percent = std::min(pattern.find('%', place), pattern.size());
    out_.append(pattern.substr(place, percent - place));
    place = percent + 1;
    if (percent >= pattern.size()) break;
    if (place < pattern.size() && pattern[place] == '%') {
      out_.append('%');
      ++place;
      continue;
    }
    Clause clause;
    if (const Value wrong = parse_clause(pattern, place, clause); wrong.is_error()) return wrong;
    if (next >= list_size(values)) return fault(scratch_, "index {} out of range", next);
    if (const Value wrong = append(clause, list_element(values, next++, scratch_)); wrong.is_error()) return wrong;
  }
  return out_.finish();
}

Value Formatter::append(const Clause& clause, Value value) {
  if (!scratch_.take_steps(1)) return out_of_memory();
  if (value.is_error()) return value;
  switch (clause.letter) {
    case 's':
      return append_text(value, 0);
    case 'd':
      return append_decimal(value);
    case 'f':
    case 'e':
      return append_float(clause, value);
    default:
      return append_base(clause, value);
  }
}

bool Formatter::append_special(double number) {
  if (std::isfinite(number)) return false;
  out_.append(std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
  return true;
}

Value Formatter::append_text(Value value, int depth) {
  if (!scratch_.take_steps(1) || depth > kNestingMax) return out_of_memory();
  char text[512];
  switch (value.kind()) {
    case ValueKind::kNull:
      out_.append("null");
      return Value();
    case ValueKind::kBool:
      out_.append(value.as_bool() ? "true" : "false");
      return Value();
    case ValueKind::kString:
    case ValueKind::kBytes:
    case ValueKind::kType:
      out_.append(value.text());
      return Value();
    case ValueKind::kInt:
    case ValueKind::kUint:
      return append_decimal(value);
    case ValueKind::kDouble: {
      if (append_special(value.as_double())) return Value();
      const auto end = std::to_chars(text, text + sizeof text, value.as_double(), std::chars_format::fixed);
      out_.append({text, static_cast<std::size_t>(end.ptr - text)});
      return Value();
    }
    case ValueKind::kTimestamp:
      out_.append(timestamp_text(scratch_, value).text());
      return Value();
    case ValueKind::kDuration:
      out_.append(duration_text(scratch_, value).text());
      return Value();
    case ValueKind::kMap:
      return append_map(value, depth);
    case ValueKind::kList:
      break;
    default:
      return refuse(
          "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, "
          "and timestamps",
          value);
  }
  out_.append('[');
  for (std::uint32_t i = 0; i < list_size(value); ++i) {
    if (i > 0) out_.append(", ");
    if (const Value wrong = append_text(list_element(value, i, scratch_), depth + 1); wrong.is_error()) return wrong;
  }
  out_.append(']');
  return Value();
}

// Entries in order of their keys' text.
Value Formatter::append_map(Value map, int depth) {
  struct Shown {
    std::string_view key;
    Value value;
  };
  ScratchArray<Shown> entries(scratch_);
  for (std::uint32_t i = 0; i < map_size(map); ++i) {
    const MapEntry entry = map_entry(map, i, scratch_);
    Formatter key(scratch_);
    if (const Value wrong = key.append_text(entry.key, depth + 1); wrong.is_error()) return wrong;
    if (key.out_.finish().is_error()) return out_of_memory();
    entries.push({key.out_.view(), entry.value});
  }
  if (entries.failed()) return out_of_memory();
  std::ranges::sort(entries.span(), {}, &Shown::key);
  out_.append('{');
  bool first = true;
  for (const Shown& entry : entries.span()) {
    if (!first) out_.append(", ");
    first = false;
    out_.append(entry.key);
    out_.append(": ");
    if (const Value wrong = append_text(entry.value, depth + 1); wrong.is_error()) return wrong;
  }
  out_.append('}');
  return Value();
}

Value Formatter::append_decimal(Value value) {
  char text[32];
  char* end = nullptr;
  if (value.is(ValueKind::kInt)) {
    end = std::to_chars(text, text + sizeof text, value.as_int()).ptr;
  } else if (value.is(ValueKind::kUint)) {
    end = std::to_chars(text, text + sizeof text, value.as_uint()).ptr;
  } else {
    if (value.is(ValueKind::kDouble) && append_special(value.as_double())) return Value();
    return refuse("decimal clause can only be used on integers", value);
  }
  out_.append({text, static_cast<std::size_t>(end - text)});
  return Value();
}

Value Formatter::append_float(const Clause& clause, Value value) {
  double number = 0;
  if (value.is(ValueKind::kDouble)) {
    number = value.as_double();
  } else if (value.is(ValueKind::kInt)) {
    number = static_cast<double>(value.as_int());
  } else if (value.is(ValueKind::kUint)) {
    number = static_cast<double>(value.as_uint());
  } else {
    return refuse(clause.letter == 'f' ? "fixed-point clause can only be used on doubles"
                                       : "scientific clause can only be used on doubles",
                  value);
  }
  if (append_special(number)) return Value();
  char text[512];  // 309 digits, a dot and the precision
  const auto form = clause.letter == 'f' ? std::chars_format::fixed : std::chars_format::scientific;
  const auto end = std::to_chars(text, text + sizeof text, number, form, clause.precision < 0 ? 6 : clause.precision);
  out_.append({text, static_cast<std::size_t>(end.ptr - text)});
  return Value();
}

Value Formatter::append_base(const Clause& clause, Value value) {
  const bool hex = clause.letter == 'x' || clause.letter == 'X';
  const int base = hex ? 16 : clause.letter == 'o' ? 8 : 2;
  char text[80];
  char* end = nullptr;
  if (value.is(ValueKind::kInt)) {
    end = std::to_chars(text, text + sizeof text, value.as_int(), base).ptr;
  } else if (value.is(ValueKind::kUint) || (base == 2 && value.is(ValueKind::kBool))) {
    end = std::to_chars(text, text + sizeof text, value.as_uint(), base).ptr;
  } else if (hex && (value.is(ValueKind::kString) || value.is(ValueKind::kBytes))) {
    return append_hex_octets(value.text(), clause.letter == 'X');
  } else {
    return refuse(hex         ? "only integers, byte buffers, and strings can be formatted as hex"
                  : base == 8 ? "octal clause can only be used on integers"
                              : "only integers and bools can be formatted as binary",
                  value);
  }
  if (clause.letter == 'X')
    for (char* c = text; c < end; ++c)
      if (*c >= 'a') *c = static_cast<char>(*c - 'a' + 'A');
  out_.append({text, static_cast<std::size_t>(end - text)});
  return Value();
}

Value Formatter::append_hex_octets(std::string_view octets, bool upper) {
  const std::string_view digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  for (const char c : octets) {
    out_.append(digits[static_cast<unsigned char>(c) >> 4]);
    out_.append(digits[static_cast<unsigned char>(c) & 15]);
  }
  return Value();
}

Value format(const CallContext& context, Arguments arguments) {
  return Formatter(context.scratch).run(arguments[0].text(), arguments[1]);
}

}  // namespace

Rows format_rows() { return {{"string_format", "format", CallStyle::kMember, "string,list(dyn)", "string", format}}; }

}  // namespace agentos::cel
