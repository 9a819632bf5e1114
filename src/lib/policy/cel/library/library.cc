// Tables of standard functions, read once.
#include "lib/policy/cel/library/library.h"

#include <unordered_map>

namespace agentos::cel {
namespace {

Type simple_type(std::string_view name) {
  if (name == "dyn") return Type::dyn();
  if (name == "null") return Type::null();
  if (name == "bool") return Type::boolean();
  if (name == "int") return Type::integer();
  if (name == "uint") return Type::unsigned_integer();
  if (name == "double") return Type::floating();
  if (name == "string") return Type::string();
  if (name == "bytes") return Type::bytes();
  if (name == "duration") return Type::duration();
  if (name == "timestamp") return Type::timestamp();
  if (name == "ip") return Type::ip();
  if (name == "cidr") return Type::cidr();
  CHECK(name.size() == 1 && name[0] >= 'A' && name[0] <= 'Z');
  return Type::parameter(std::string(name));
}

// The types of a comma separated list, commas in parentheses aside.
std::vector<Type> parse_types(std::string_view text) {
  std::vector<Type> types;
  std::size_t start = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= text.size() && !text.empty(); ++i) {
    if (i == text.size() || (text[i] == ',' && depth == 0)) {
      types.push_back(parse_type(text.substr(start, i - start)));
      start = i + 1;
    } else {
      depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
    }
  }
  return types;
}

struct Standard {
  std::vector<Function> functions;
  std::unordered_map<std::string_view, std::size_t> by_name;
};

const Standard& standard() {
  static const Standard& made = *[] {
    auto* standard = new Standard;
    std::unordered_map<std::string, std::size_t> places;
    for (const Rows& rows :
         {operator_rows(), conversion_rows(), string_rows(), string_search_rows(), format_rows(), time_rows(),
          list_rows(), set_rows(), math_rows(), encoder_rows(), network_rows(), optional_rows(), regex_rows()}) {
      for (const Row& row : rows) {
        const auto [place, added] = places.try_emplace(std::string(row.name), standard->functions.size());
        if (added) standard->functions.push_back({std::string(row.name), {}});
        standard->functions[place->second].overloads.push_back(
            {std::string(row.id), row.style, parse_types(row.parameters), parse_type(row.result), row.function});
      }
    }
    for (std::size_t i = 0; i < standard->functions.size(); ++i) standard->by_name[standard->functions[i].name] = i;
    return standard;
  }();
  return made;
}

}  // namespace

Type parse_type(std::string_view text) {
  const std::size_t open = text.find('(');
  if (open == std::string_view::npos) return text == "type" ? Type::type() : simple_type(text);
  CHECK(text.back() == ')');
  std::vector<Type> parts = parse_types(text.substr(open + 1, text.size() - open - 2));
  const std::string_view name = text.substr(0, open);
  if (name == "list") return Type::list(parts.at(0));
  if (name == "map") return Type::map(parts.at(0), parts.at(1));
  if (name == "type") return Type::type_of(parts.at(0));
  CHECK(name == "optional");
  return Type::optional(parts.at(0));
}

std::span<const Function> standard_functions() { return standard().functions; }

const Function* find_standard_function(std::string_view name) {
  const auto found = standard().by_name.find(name);
  return found == standard().by_name.end() ? nullptr : &standard().functions[found->second];
}

}  // namespace agentos::cel
