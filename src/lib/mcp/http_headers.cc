// See http_headers.h.
#include "lib/mcp/http_headers.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/crypto/hash.h"
#include "lib/mcp/metadata.h"

namespace agentos::mcp {
namespace {

constexpr std::string_view kEncodedStart = "=?base64?";
constexpr std::string_view kEncodedEnd = "?=";
constexpr std::string_view kAnnotation = "x-mcp-header";
constexpr std::int64_t kSafeIntegerMax = (std::int64_t{1} << 53) - 1;

bool is_encoded(std::string_view value) {
  return value.size() >= kEncodedStart.size() + kEncodedEnd.size() && value.starts_with(kEncodedStart) &&
         value.ends_with(kEncodedEnd);
}

bool is_plain(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c == '\t' || (c >= 0x20 && c < 0x7f); });
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

bool is_field_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
  });
}

std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

RpcError mismatch(std::string what) { return {kHeaderMismatch, "Header mismatch: " + std::move(what), {}}; }

// params.name or params.uri, where the method has one that is mirrored; nullptr: it has none.
const json::Value* name_source(const Message& message) {
  if (message.method == "tools/call" || message.method == "prompts/get") return message.params.find("name");
  if (message.method == "resources/read") return message.params.find("uri");
  return nullptr;
}

bool has_name_source(std::string_view method) {
  return method == "tools/call" || method == "prompts/get" || method == "resources/read";
}

// Whether an annotation stands anywhere in `schema`, however deep.
bool annotated(const json::Value& schema, std::size_t depth) {
  if (depth > kDepthMax) return false;
  if (schema.is_array()) {
    return std::any_of(schema.as_array().begin(), schema.as_array().end(),
                       [depth](const json::Value& item) { return annotated(item, depth + 1); });
  }
  if (!schema.is_object()) return false;
  for (const auto& [key, value] : schema.as_object()) {
    if (key == kAnnotation || annotated(value, depth + 1)) return true;
  }
  return false;
}

std::unexpected<Error> bad_annotation(const std::string& what) {
  return fail(ErrorCode::kMalformed, "x-mcp-header " + what);
}

// Walks down `properties`, and only that.
Status collect(const json::Value& schema, std::vector<std::string>& path, std::vector<ParamHeader>& out) {
  if (!schema.is_object()) return {};
  if (path.size() > kParamDepthMax) {
    return annotated(schema, 0) ? Status(bad_annotation("is too deep in the schema")) : Status{};
  }
  for (const auto& [key, value] : schema.as_object()) {
    if (key == "properties" && value.is_object()) continue;
    if (key == kAnnotation) {
      if (path.empty() || !value.is_string() || !is_field_name(value.as_string())) {
        return bad_annotation("must be a field name, at a property");
      }
      const std::string_view type = schema.string_or("type", "");
      if (type != "string" && type != "integer" && type != "boolean") {
        return bad_annotation("\"" + value.as_string() + "\" is at a property that is no string, integer or boolean");
      }
      const std::string name = lower_case(value.as_string());
      if (std::any_of(out.begin(), out.end(), [&](const ParamHeader& one) { return lower_case(one.name) == name; })) {
        return bad_annotation("\"" + value.as_string() + "\" is given twice");
      }
      if (out.size() >= kParamHeadersMax) return bad_annotation("is given more than 64 times");
      out.push_back({value.as_string(), path});
    } else if (key != "default" && key != "examples" && key != "enum" && key != "const" && annotated(value, 0)) {
      return bad_annotation("stands below \"" + key + "\", where no property is reached");
    }
  }
  const json::Value* properties = schema.find("properties");
  if (properties == nullptr || !properties->is_object()) return {};
  for (const auto& [name, property] : properties->as_object()) {
    path.push_back(name);
    TRY(collect(property, path, out));
    path.pop_back();
  }
  return {};
}

const json::Value* at_path(const json::Value* value, const std::vector<std::string>& path) {
  for (const std::string& step : path) {
    if (value == nullptr || !value->is_object()) return nullptr;
    value = value->find(step);
  }
  return value != nullptr && value->is_null() ? nullptr : value;
}

// An argument as text; nothing: it is of no type that is mirrored.
std::optional<std::string> text_of(const json::Value& value) {
  if (value.is_string()) return value.as_string();
  if (value.is_bool()) return value.as_bool() ? "true" : "false";
  if (value.is_int()) return std::to_string(value.as_int());
  if (value.is_double() && std::nearbyint(value.as_double()) == value.as_double() &&
      std::abs(value.as_double()) <= static_cast<double>(kSafeIntegerMax)) {
    return std::to_string(static_cast<std::int64_t>(value.as_double()));
  }
  return std::nullopt;
}

// "42" and "42.0" are the same number.
bool same_number(const json::Value& value, std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  if (value.is_int()) {
    return std::abs(value.as_int()) <= kSafeIntegerMax && static_cast<double>(value.as_int()) == number;
  }
  return value.as_double() == number;
}

bool same_value(const json::Value& value, const std::string& text) {
  if (value.is_number()) return same_number(value, text);
  const auto own = text_of(value);
  return own && *own == text;
}

}  // namespace

std::string encode_header_value(std::string_view value) {
  const bool edges = !value.empty() && (is_blank(value.front()) || is_blank(value.back()));
  if (is_plain(value) && !edges && !is_encoded(value)) return std::string(value);
  return std::string(kEncodedStart) + crypto::base64(value) + std::string(kEncodedEnd);
}

Result<std::string> decode_header_value(std::string_view value) {
  if (!is_plain(value)) return fail(ErrorCode::kMalformed, "it holds octets that may not stand in a header");
  if (!is_encoded(value)) return std::string(value);
  value.remove_prefix(kEncodedStart.size());
  value.remove_suffix(kEncodedEnd.size());
  auto text = crypto::from_base64(value);
  if (!text || !json::valid_utf8(*text)) return fail(ErrorCode::kMalformed, "it is no base64 of UTF-8");
  return text;
}

Result<std::vector<ParamHeader>> param_headers(const json::Value& input_schema) {
  std::vector<ParamHeader> out;
  std::vector<std::string> path;
  TRY(collect(input_schema, path, out));
  return out;
}

std::optional<RpcError> check_headers(const Message& message, const HeaderLookup& header) {
  const bool request = message.kind == Message::Kind::kRequest;
  const json::Value* meta = meta_of(message.params);
  const json::Value* version = meta == nullptr ? nullptr : meta->find(kMetaVersion);
  const auto said = header(kHeaderVersion);
  if (!said) return mismatch("MCP-Protocol-Version is missing");
  if (version != nullptr ? !version->is_string() || version->as_string() != *said : false) {
    return mismatch("MCP-Protocol-Version is not what params._meta says");
  }
  const auto method = header(kHeaderMethod);
  if (!method && request) return mismatch("Mcp-Method is missing");
  if (method && *method != message.method) {
    return mismatch("Mcp-Method is \"" + std::string(*method) + "\", and the body's method is \"" + message.method +
                    "\"");
  }
  if (!has_name_source(message.method)) return std::nullopt;
  const json::Value* source = name_source(message);
  const auto name = header(kHeaderName);
  if (source == nullptr || !source->is_string()) return std::nullopt;  // refused for what it is
  if (!name) return mismatch("Mcp-Name is missing");
  const auto decoded = decode_header_value(*name);
  if (!decoded) return mismatch("Mcp-Name: " + decoded.error().message);
  if (*decoded != source->as_string()) return mismatch("Mcp-Name is not the body's name or uri");
  return std::nullopt;
}

std::optional<RpcError> check_param_headers(const Message& message, const std::vector<ParamHeader>& params,
                                            const HeaderLookup& header) {
  for (const ParamHeader& param : params) {
    const std::string field = std::string(kHeaderParam) + param.name;
    const auto given = header(field);
    const json::Value* value = at_path(message.params.find("arguments"), param.path);
    if (value == nullptr && !given) continue;
    if (value == nullptr) return mismatch(field + " is given, and the argument is not");
    if (!given) return mismatch(field + " is missing, and the argument is given");
    const auto decoded = decode_header_value(*given);
    if (!decoded) return mismatch(field + ": " + decoded.error().message);
    if (!same_value(*value, *decoded)) return mismatch(field + " is not the argument's value");
  }
  return std::nullopt;
}

std::vector<HeaderField> headers_of(const Message& message, const std::vector<ParamHeader>& params) {
  std::vector<HeaderField> out;
  out.push_back({std::string(kHeaderMethod), message.method});
  if (const json::Value* source = name_source(message); source != nullptr && source->is_string()) {
    out.push_back({std::string(kHeaderName), encode_header_value(source->as_string())});
  }
  for (const ParamHeader& param : params) {
    const json::Value* value = at_path(message.params.find("arguments"), param.path);
    const auto text = value == nullptr ? std::nullopt : text_of(*value);
    if (text) out.push_back({std::string(kHeaderParam) + param.name, encode_header_value(*text)});
  }
  return out;
}

}  // namespace agentos::mcp
