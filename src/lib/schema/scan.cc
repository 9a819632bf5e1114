// Only places where JSON Schema 2020-12 puts a subschema are visited, so an $id inside an enum names nothing.
#include "lib/schema/scan.h"

#include "lib/schema/program.h"
#include "lib/schema/reference.h"

namespace agentos::schema {

namespace {

enum class Holds { kNothing, kSchema, kList, kMap };

Holds what_holds(std::string_view keyword) {
  struct Row {
    std::string_view keyword;
    Holds holds;
  };
  static constexpr Row kRows[] = {{"properties", Holds::kMap},
                                  {"items", Holds::kSchema},
                                  {"additionalProperties", Holds::kSchema},
                                  {"patternProperties", Holds::kMap},
                                  {"$defs", Holds::kMap},
                                  {"definitions", Holds::kMap},
                                  {"allOf", Holds::kList},
                                  {"anyOf", Holds::kList},
                                  {"oneOf", Holds::kList},
                                  {"not", Holds::kSchema},
                                  {"if", Holds::kSchema},
                                  {"then", Holds::kSchema},
                                  {"else", Holds::kSchema},
                                  {"prefixItems", Holds::kList},
                                  {"contains", Holds::kSchema},
                                  {"propertyNames", Holds::kSchema},
                                  {"dependentSchemas", Holds::kMap},
                                  {"unevaluatedItems", Holds::kSchema},
                                  {"unevaluatedProperties", Holds::kSchema},
                                  {"contentSchema", Holds::kSchema}};
  for (const Row& row : kRows) {
    if (row.keyword == keyword) return row.holds;
  }
  return Holds::kNothing;
}

bool is_anchor(std::string_view text) {
  if (text.empty() || (!std::isalpha(static_cast<unsigned char>(text[0])) && text[0] != '_')) return false;
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
         std::string_view::npos;
}

}  // namespace

std::unexpected<Error> fail_in_schema(std::string_view pointer, std::string_view what, std::string hint) {
  std::string message = "schema, at " + std::string(pointer.empty() ? "/" : pointer.substr(0, 512)) + ": ";
  message += what;
  return fail(ErrorCode::kMalformed, std::move(message), std::move(hint));
}

Status Scan::visit(const json::Value& value, const std::string& pointer, const std::string& base, std::size_t depth) {
  if (depth > kSchemaDepthMax) {
    return fail_in_schema(pointer, "nested deeper than " + std::to_string(kSchemaDepthMax));
  }
  if (found_.size() == kSubschemasMax) {
    return fail_in_schema(pointer, "more than " + std::to_string(kSubschemasMax) + " subschemas");
  }
  if (!value.is_object() && !value.is_bool()) {
    std::string hint = value.is_array() && pointer.ends_with("/items") ? "a list of schemas is called prefixItems" : "";
    return fail_in_schema(pointer, "must be a schema: an object or a boolean", std::move(hint));
  }
  std::string own_base = base;
  if (pointer.empty()) resources_.emplace("", "");
  if (value.is_object()) TRY(name(value.as_object(), pointer, own_base));
  if (!numbers_.emplace(pointer, static_cast<std::uint32_t>(found_.size())).second) return {};
  found_.push_back({&value, pointer, own_base});
  if (!value.is_object()) return {};
  return visit_members(value, pointer, own_base, depth);
}

Status Scan::visit_members(const json::Value& value, const std::string& pointer, const std::string& base,
                           std::size_t depth) {
  for (const auto& [keyword, member] : value.as_object()) {
    const Holds holds = what_holds(keyword);
    if (holds == Holds::kNothing) continue;
    const std::string below = child_pointer(pointer, keyword);
    if (holds == Holds::kSchema) {
      TRY(visit(member, below, base, depth + 1));
    } else if (holds == Holds::kList) {
      if (!member.is_array() || member.as_array().empty()) return fail_in_schema(below, "must be a list of schemas");
      for (std::size_t i = 0; i < member.as_array().size(); ++i) {
        TRY(visit(member.as_array()[i], child_pointer(below, std::to_string(i)), base, depth + 1));
      }
    } else {
      if (!member.is_object()) return fail_in_schema(below, "must be an object whose values are schemas");
      for (const auto& [key, schema] : member.as_object()) {
        TRY(visit(schema, child_pointer(below, key), base, depth + 1));
      }
    }
  }
  return {};
}

// Enters the $id, $anchor and $dynamicAnchor of a subschema, and sets the base its $id makes.
Status Scan::name(const json::Object& object, const std::string& pointer, std::string& base) {
  if (const json::Value* id = object.find("$id")) {
    if (!id->is_string()) return fail_in_schema(child_pointer(pointer, "$id"), "must be a string");
    const UriReference uri = resolve_uri(base, id->as_string());
    if (!uri.fragment.empty()) return fail_in_schema(child_pointer(pointer, "$id"), "must have no fragment");
    base = uri.uri;
    const auto [entry, fresh] = resources_.emplace(base, pointer);
    if (!fresh && entry->second != pointer) {
      return fail_in_schema(child_pointer(pointer, "$id"), "names the same schema as " + entry->second);
    }
  }
  for (const char* keyword : {"$anchor", "$dynamicAnchor"}) {
    const json::Value* anchor = object.find(keyword);
    if (anchor == nullptr) continue;
    if (!anchor->is_string() || !is_anchor(anchor->as_string())) {
      return fail_in_schema(child_pointer(pointer, keyword),
                            "must be a name: a letter or _, then letters, digits, - _ .");
    }
    const auto [entry, fresh] = anchors_.emplace(base + "#" + anchor->as_string(), pointer);
    if (!fresh && entry->second != pointer) {
      return fail_in_schema(child_pointer(pointer, keyword), "is the anchor of " + entry->second + " too");
    }
    if (fresh && std::string_view(keyword) == "$dynamicAnchor") ++dynamic_[anchor->as_string()];
  }
  return {};
}

std::size_t Scan::dynamic_anchors(std::string_view name) const {
  const auto found = dynamic_.find(name);
  return found == dynamic_.end() ? 0 : found->second;
}

Result<std::uint32_t> Scan::resolve(std::uint32_t from, std::string_view reference) {
  const UriReference uri = resolve_uri(found_[from].base, reference);
  const auto unresolved = [&]() -> std::unexpected<Error> {
    return fail_in_schema(
        found_[from].pointer,
        "the reference \"" + std::string(reference.substr(0, 200)) + "\" names nothing in this document",
        "put what it names under $defs; nothing is fetched");
  };
  const auto resource = resources_.find(uri.uri);
  if (resource == resources_.end()) return unresolved();
  if (uri.fragment.empty()) return number_of(resource->second);
  if (uri.fragment[0] != '/') {
    const auto anchor = anchors_.find(uri.uri + "#" + uri.fragment);
    if (anchor == anchors_.end()) return unresolved();
    return number_of(anchor->second);
  }
  const std::string pointer = resource->second + uri.fragment;
  if (resolve_pointer(document_, pointer) == nullptr) return unresolved();
  return at_pointer(pointer);
}

// A reference may name a place that no keyword makes a subschema; it becomes one then.
Result<std::uint32_t> Scan::at_pointer(const std::string& pointer) {
  const auto known = numbers_.find(pointer);
  if (known != numbers_.end()) return known->second;
  std::string above = pointer;
  while (!numbers_.contains(above)) above.resize(above.rfind('/'));
  const std::string base = found_[number_of(above)].base;
  const auto number = static_cast<std::uint32_t>(found_.size());
  TRY(visit(*resolve_pointer(document_, pointer), pointer, base, 0));
  return number;
}

}  // namespace agentos::schema
