// Searching, splitting and replacing in strings. Positions count code points.
#include "lib/policy/cel/library/library.h"
#include "lib/policy/cel/library/scratch_text.h"
#include "lib/policy/cel/text.h"

namespace agentos::cel {
namespace {

Value position(std::string_view text, std::size_t place) {
  if (place == std::string_view::npos) return Value::integer(-1);
  return Value::integer(static_cast<std::int64_t>(count_code_points(text.substr(0, place))));
}

Value index_of(const CallContext& context, Arguments arguments) {
  const std::string_view text = arguments[0].text();
  if (!charge_text(context, text)) return out_of_memory();
  const std::int64_t from = arguments.size() == 3 ? arguments[2].as_int() : 0;
  const std::size_t start =
      from < 0 ? std::string_view::npos : offset_of_code_point(text, static_cast<std::size_t>(from));
  if (start == std::string_view::npos) return index_fault(context, from);
  return position(text, find_text(text, arguments[1].text(), start));
}

Value last_index_of(const CallContext& context, Arguments arguments) {
  const std::string_view text = arguments[0].text();
  // Backwards, what is searched for may be compared at every place.
  const std::size_t compared = arguments[1].text().size();
  const std::uint64_t places = compared > text.size() ? 0 : text.size() - compared + 1;
  if (!charge_text(context, text) || !context.scratch.take_steps(places * compared / kComparedBytesAStep)) {
    return out_of_memory();
  }
  if (arguments.size() == 2) return position(text, text.rfind(arguments[1].text()));
  const std::int64_t from = arguments[2].as_int();
  const std::size_t start =
      from < 0 ? std::string_view::npos : offset_of_code_point(text, static_cast<std::size_t>(from));
  if (start == std::string_view::npos) return index_fault(context, from);
  return position(text, text.rfind(arguments[1].text(), start));
}

Value replace(const CallContext& context, Arguments arguments) {
  const std::string_view text = arguments[0].text(), wanted = arguments[1].text(), with = arguments[2].text();
  std::int64_t left = arguments.size() == 4 ? arguments[3].as_int() : -1;
  if (!charge_text(context, text)) return out_of_memory();
  ScratchText replaced(context.scratch);
  std::size_t place = 0;
  while (left != 0 && context.scratch.take_steps(1)) {
    if (wanted.empty()) {  // before each code point and at the end
      replaced.append(with);
      --left;
      if (place >= text.size()) break;
      const std::size_t before = place;
      next_code_point(text, place);
      replaced.append(text.substr(before, place - before));
      continue;
    }
    const std::size_t found = find_text(text, wanted, place);
    if (found == std::string_view::npos) break;
    replaced.append(text.substr(place, found - place));
    replaced.append(with);
    place = found + wanted.size();
    --left;
  }
  if (place < text.size()) replaced.append(text.substr(place));
  return replaced.finish();
}

Value split(const CallContext& context, Arguments arguments) {
  const std::string_view text = arguments[0].text(), separator = arguments[1].text();
  const std::int64_t limit = arguments.size() == 3 ? arguments[2].as_int() : -1;
  ScratchList parts(context.scratch);
  if (limit == 0) return finish(parts);
  if (!charge_text(context, text)) return out_of_memory();
  std::size_t place = 0;
  while (limit < 0 || static_cast<std::int64_t>(parts.size()) + 1 < limit) {
    std::size_t end = place;
    if (separator.empty()) {
      if (place >= text.size()) break;
      next_code_point(text, end);
      if (end >= text.size()) break;
    } else {
      end = find_text(text, separator, place);
      if (end == std::string_view::npos) break;
    }
    parts.push(Value::string(text.substr(place, end - place)));
    if (parts.failed()) return out_of_memory();
    place = end + separator.size();
  }
  if (!separator.empty() || place < text.size()) parts.push(Value::string(text.substr(place)));
  return finish(parts);
}

}  // namespace

Rows string_search_rows() {
  constexpr auto kMember = CallStyle::kMember;
  return {
      {"string_index_of_string", "indexOf", kMember, "string,string", "int", index_of},
      {"string_index_of_string_int", "indexOf", kMember, "string,string,int", "int", index_of},
      {"string_last_index_of_string", "lastIndexOf", kMember, "string,string", "int", last_index_of},
      {"string_last_index_of_string_int", "lastIndexOf", kMember, "string,string,int", "int", last_index_of},
      {"string_replace_string_string", "replace", kMember, "string,string,string", "string", replace},
      {"string_replace_string_string_int", "replace", kMember, "string,string,string,int", "string", replace},
      {"string_split_string", "split", kMember, "string,string", "list(string)", split},
      {"string_split_string_int", "split", kMember, "string,string,int", "list(string)", split},
  };
}

}  // namespace agentos::cel
