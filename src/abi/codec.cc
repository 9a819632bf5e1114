// The parts of the codec that do not depend on a struct's type.
#include "abi/codec.h"

#include "base/yaml/document.h"

namespace agentos::abi::codec {
namespace {
constexpr std::size_t kBase64Frame = std::string_view(R"({"base64":""})").size();
}

Status decode_bool(const json::Value& value, std::string_view field, bool& out) {
  if (!value.is_bool()) return fail_field(field, "must be true or false");
  out = value.as_bool();
  return {};
}

Status decode_int(const json::Value& value, const Rules& rules, std::string_view field, std::int64_t& out) {
  if (!value.is_int()) return fail_field(field, "must be an integer");
  if (value.as_int() < rules.minimum || value.as_int() > rules.maximum) {
    return fail_field(field,
                      "must lie between " + std::to_string(rules.minimum) + " and " + std::to_string(rules.maximum));
  }
  out = value.as_int();
  return {};
}

Status decode_text(const json::Value& value, const Rules& rules, std::string_view field, std::string& out) {
  if (!value.is_string()) return fail_field(field, "must be text");
  const std::string& text = value.as_string();
  if (text.size() > rules.size_max)
    return fail_field(field, "is longer than " + std::to_string(rules.size_max) + " octets");
  if (text.find('\0') != std::string::npos) return fail_field(field, "must not contain NUL");
  if (!rules.choices.empty() && std::find(rules.choices.begin(), rules.choices.end(), text) == rules.choices.end()) {
    std::string what = "must be one of";
    for (std::string_view choice : rules.choices) (what += ' ') += choice;
    return fail_field(field, what);
  }
  out = text;
  return {};
}

Status decode_bytes(const json::Value& value, const Rules& rules, std::string_view field, Bytes& out) {
  if (value.is_string()) {
    out.content = value.as_string();
  } else if (value.is_object() && value.as_object().size() == 1 && value.find("base64") != nullptr &&
             value.find("base64")->is_string()) {
    auto octets = crypto::from_base64(value.find("base64")->as_string());
    if (!octets) return fail_field(field, "is not valid base64");
    out.content = std::move(*octets);
  } else {
    return fail_field(field, "must be text or {\"base64\": \"...\"}");
  }
  if (out.content.size() > rules.size_max)
    return fail_field(field, "is longer than " + std::to_string(rules.size_max) + " octets");
  return {};
}

Status decode_json(const json::Value& value, const Rules& rules, std::string_view field, json::Value& out) {
  if (rules.json_object && !value.is_object()) return fail_field(field, "must be an object");
  out = value;
  return {};
}

// Text when it is UTF-8 and no longer so than as base64: control characters take six octets each, and the encoded form
// of any content must keep within four thirds of it, so that what may be read also fits in a line.
void encode_bytes(std::string_view octets, std::string& out) {
  const std::size_t start = out.size();
  const std::size_t base64_size = (octets.size() + 2) / 3 * 4 + kBase64Frame;
  if (json::valid_utf8(octets)) {
    json::write_string(octets, out);
    if (out.size() - start <= base64_size) return;
    out.resize(start);
  }
  out += "{\"base64\":\"";
  out += crypto::base64(octets);
  out += "\"}";
}

std::unexpected<Error> fail_unknown_field(std::string_view name, std::span<const std::string_view> known) {
  std::string shown(name.substr(0, 64));
  std::string hint;
  const std::string_view near = yaml::nearest(name, std::vector<std::string_view>(known.begin(), known.end()));
  if (!near.empty()) (hint = "did you mean \"") += std::string(near) + "\"?";
  return fail(error::invalid_argument, "unknown field \"" + json::to_valid_utf8(shown) + "\"", std::move(hint));
}

}  // namespace agentos::abi::codec
