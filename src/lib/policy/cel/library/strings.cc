// Functions of strings that look at or make one string; searching ones are in string_search.cc.
//
// Positions count code points. Source: the CEL language definition and cel-go's strings extension.
#include <algorithm>
#include <array>

#include "lib/policy/cel/library/library.h"
#include "lib/policy/cel/library/scratch_text.h"
#include "lib/policy/cel/run/containers.h"
#include "lib/policy/cel/text.h"

namespace agentos::cel {
namespace {

Value contains(const CallContext& context, Arguments arguments) {
  if (!charge_text(context, arguments[0].text())) return out_of_memory();
  return Value::boolean(find_text(arguments[0].text(), arguments[1].text()) != std::string_view::npos);
}
Value starts_with(const CallContext& context, Arguments arguments) {
  if (!context.scratch.take_steps(arguments[1].text().size() / kComparedBytesAStep)) return out_of_memory();
  return Value::boolean(arguments[0].text().starts_with(arguments[1].text()));
}
Value ends_with(const CallContext& context, Arguments arguments) {
  if (!context.scratch.take_steps(arguments[1].text().size() / kComparedBytesAStep)) return out_of_memory();
  return Value::boolean(arguments[0].text().ends_with(arguments[1].text()));
}

Value char_at(const CallContext& context, Arguments arguments) {
  const std::string_view text = arguments[0].text();
  const std::int64_t index = arguments[1].as_int();
  if (!charge_text(context, text)) return out_of_memory();
  const std::size_t place =
      index < 0 ? std::string_view::npos : offset_of_code_point(text, static_cast<std::size_t>(index));
  if (place == std::string_view::npos) return index_fault(context, index);
  if (place == text.size()) return Value::string("");
  std::size_t end = place;
  next_code_point(text, end);
  return Value::string(text.substr(place, end - place));
}

Value substring(const CallContext& context, Arguments arguments) {
  const std::string_view text = arguments[0].text();
  const std::int64_t start = arguments[1].as_int();
  if (!charge_text(context, text)) return out_of_memory();
  const auto length = static_cast<std::int64_t>(count_code_points(text));
  const std::int64_t end = arguments.size() == 3 ? arguments[2].as_int() : length;
  if (start < 0 || start > length) return index_fault(context, start);
  if (end < 0 || end > length) return index_fault(context, end);
  if (start > end) return fault(context.scratch, "invalid substring range. start: {}, end: {}", start, end);
  const std::size_t from = offset_of_code_point(text, static_cast<std::size_t>(start));
  const std::size_t until = offset_of_code_point(text, static_cast<std::size_t>(end));
  return Value::string(text.substr(from, until - from));
}

// Unicode's White_Space property.
bool is_space(std::uint32_t c) {
  return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

Value trim(const CallContext& context, Arguments arguments) {
  const std::string_view text = arguments[0].text();
  if (!charge_text(context, text)) return out_of_memory();
  std::size_t start = text.size(), end = 0;
  for (std::size_t place = 0; place < text.size();) {
    const std::size_t before = place;
    if (is_space(next_code_point(text, place))) continue;
    start = std::min(start, before);
    end = place;
  }
  return Value::string(start < end ? text.substr(start, end - start) : text.substr(0, 0));
}

template <char first, char last, int shift>
Value shifted_ascii(const CallContext& context, Arguments arguments) {
  const Value copy = context.scratch.string(arguments[0].text());
  if (copy.is_error() || !context.scratch.take_steps(1 + copy.text().size() / 16)) return out_of_memory();
  char* text = const_cast<char*>(copy.text().data());  // the copy just made
  for (std::size_t i = 0; i < copy.text().size(); ++i)
    if (text[i] >= first && text[i] <= last) text[i] = static_cast<char>(text[i] + shift);
  return copy;
}

Value reverse_string(const CallContext& context, Arguments arguments) {
  const std::string_view text = arguments[0].text();
  ScratchArray<char> reversed(context.scratch);
  char* out = reversed.grow(text.size());
  if (out == nullptr) return text.empty() ? arguments[0] : out_of_memory();
  out += text.size();
  for (std::size_t place = 0; place < text.size();) {
    const std::size_t before = place;
    next_code_point(text, place);
    out -= place - before;
    std::copy_n(text.data() + before, place - before, out);
  }
  return Value::string({reversed.span().data(), text.size()});
}

Value quote(const CallContext& context, Arguments arguments) {
  static constexpr std::array<std::pair<char, char>, 9> kEscapes = {{{'\a', 'a'},
                                                                     {'\b', 'b'},
                                                                     {'\f', 'f'},
                                                                     {'\n', 'n'},
                                                                     {'\r', 'r'},
                                                                     {'\t', 't'},
                                                                     {'\v', 'v'},
                                                                     {'\\', '\\'},
                                                                     {'"', '"'}}};
  ScratchText quoted(context.scratch);
  quoted.append('"');
  for (const char c : arguments[0].text()) {
    const auto* escape = std::ranges::find(kEscapes, c, &std::pair<char, char>::first);
    if (escape != kEscapes.end()) {
      quoted.append('\\');
      quoted.append(escape->second);
    } else {
      quoted.append(c);
    }
  }
  quoted.append('"');
  return quoted.finish();
}

Value join(const CallContext& context, Arguments arguments) {
  const std::string_view separator = arguments.size() == 2 ? arguments[1].text() : "";
  ScratchText joined(context.scratch);
  const std::uint32_t size = list_size(arguments[0]);
  for (std::uint32_t i = 0; i < size; ++i) {
    const Value element = list_element(arguments[0], i, context.scratch);
    if (!element.is(ValueKind::kString)) return no_overload(context.scratch, "join", element);
    if (!context.scratch.take_steps(1)) return out_of_memory();
    if (i > 0) joined.append(separator);
    joined.append(element.text());
  }
  return joined.finish();
}

}  // namespace

Rows string_rows() {
  constexpr auto kGlobal = CallStyle::kGlobal;
  constexpr auto kMember = CallStyle::kMember;
  return {
      {"contains_string", "contains", kMember, "string,string", "bool", contains},
      {"starts_with_string", "startsWith", kMember, "string,string", "bool", starts_with},
      {"ends_with_string", "endsWith", kMember, "string,string", "bool", ends_with},
      {"string_char_at_int", "charAt", kMember, "string,int", "string", char_at},
      {"string_substring_int", "substring", kMember, "string,int", "string", substring},
      {"string_substring_int_int", "substring", kMember, "string,int,int", "string", substring},
      {"string_trim", "trim", kMember, "string", "string", trim},
      {"string_lower_ascii", "lowerAscii", kMember, "string", "string", shifted_ascii<'A', 'Z', 32>},
      {"string_upper_ascii", "upperAscii", kMember, "string", "string", shifted_ascii<'a', 'z', -32>},
      {"string_reverse", "reverse", kMember, "string", "string", reverse_string},
      {"strings_quote", "strings.quote", kGlobal, "string", "string", quote},
      {"list_join", "join", kMember, "list(string)", "string", join},
      {"list_join_string", "join", kMember, "list(string),string", "string", join},
  };
}

}  // namespace agentos::cel
