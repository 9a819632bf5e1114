// The one codec: structs with kFields to and from JSON. Included by table.cc, which instantiates it per row, and by
// apps/libagentos/options.cc for the options of the C interface.
//
// Decoding is strict: an unknown field, a wrong type, a number out of range or text beyond its bound is an error that
// names the field. Encoding is RFC 8785: fields sorted by name at compile time, absent optionals left out.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "abi/field.h"
#include "abi/table.h"
#include "base/bytes.h"
#include "base/crypto/hash.h"
#include "base/json/value.h"

namespace agentos::abi::codec {

template <class T>
concept Structure = requires { T::kFields; };
template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};

template <class M>
struct MemberOf;
template <class S, class T>
struct MemberOf<T S::*> {
  using Type = T;
};
template <class F>
using FieldType = typename MemberOf<std::remove_const_t<decltype(F::kMember)>>::Type;

template <class S>
inline constexpr std::size_t kFieldCount = std::tuple_size_v<decltype(S::kFields)>;

// Names in declaration order.
template <class S>
constexpr auto field_names() {
  return std::apply([](const auto&... field) { return std::array<std::string_view, sizeof...(field)>{field.name...}; },
                    S::kFields);
}

// Declaration indexes in order of names (all ASCII, so octets and UTF-16 units sort alike).
template <class S>
constexpr auto sorted_fields() {
  constexpr auto names = field_names<S>();
  std::array<std::size_t, names.size()> order{};
  for (std::size_t i = 0; i < names.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return names[a] < names[b]; });
  return order;
}

inline std::unexpected<Error> fail_field(std::string_view field, std::string_view what) {
  std::string message = "field \"";
  message += field;
  message += "\" ";
  message += what;
  return fail(error::invalid_argument, std::move(message));
}

template <Structure S>
Status decode(const json::Value& value, S& out);
template <class T>
Status decode_value(const json::Value& value, const Rules& rules, std::string_view field, T& out);

Status decode_bool(const json::Value& value, std::string_view field, bool& out);
Status decode_int(const json::Value& value, const Rules& rules, std::string_view field, std::int64_t& out);
Status decode_text(const json::Value& value, const Rules& rules, std::string_view field, std::string& out);
Status decode_bytes(const json::Value& value, const Rules& rules, std::string_view field, Bytes& out);
Status decode_json(const json::Value& value, const Rules& rules, std::string_view field, json::Value& out);
void encode_bytes(std::string_view octets, std::string& out);
std::unexpected<Error> fail_unknown_field(std::string_view name, std::span<const std::string_view> known);

template <class T>
Status decode_value(const json::Value& value, const Rules& rules, std::string_view field, T& out) {
  if constexpr (std::is_same_v<T, bool>) {
    return decode_bool(value, field, out);
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    return decode_int(value, rules, field, out);
  } else if constexpr (std::is_same_v<T, double>) {
    if (!value.is_number()) return fail_field(field, "must be a number");
    out = value.as_double();
    return {};
  } else if constexpr (std::is_same_v<T, std::string>) {
    return decode_text(value, rules, field, out);
  } else if constexpr (std::is_same_v<T, Bytes>) {
    return decode_bytes(value, rules, field, out);
  } else if constexpr (std::is_same_v<T, json::Value>) {
    return decode_json(value, rules, field, out);
  } else if constexpr (IsOptional<T>::value) {
    out.emplace();
    return decode_value(value, rules, field, *out);
  } else if constexpr (IsVector<T>::value) {
    if (!value.is_array()) return fail_field(field, "must be a list");
    if (value.as_array().size() > rules.size_max) return fail_field(field, "has too many items");
    out.clear();
    Rules item_rules = rules;
    item_rules.size_max = Rules{}.size_max;
    for (const json::Value& item : value.as_array()) {
      typename T::value_type decoded{};
      TRY(decode_value(item, item_rules, field, decoded));
      out.push_back(std::move(decoded));
    }
    return {};
  } else {
    static_assert(Structure<T>);
    if (!value.is_object()) return fail_field(field, "must be an object");
    return decode(value, out);
  }
}

template <Structure S>
Status decode(const json::Value& value, S& out) {
  static constexpr auto kNames = field_names<S>();
  if (!value.is_object()) return fail(error::invalid_argument, "the request must be an object");
  std::array<bool, kNames.size() + 1> seen{};
  for (const auto& [key, member] : value.as_object()) {
    const auto found = std::find(kNames.begin(), kNames.end(), key);
    if (found == kNames.end()) return fail_unknown_field(key, kNames);
    const auto index = static_cast<std::size_t>(found - kNames.begin());
    seen[index] = true;
    Status status;
    // NOLINTBEGIN(clang-analyzer-core.CallAndMessage): the analyzer loses track of the member through the fold.
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      ((I == index ? (void)(status = decode_value(member, std::get<I>(S::kFields).rules, key,
                                                  out.*(std::get<I>(S::kFields).kMember)))
                   : void()),
       ...);
    }(std::make_index_sequence<kNames.size()>{});
    // NOLINTEND(clang-analyzer-core.CallAndMessage)
    if (!status) return status;
  }
  Status missing;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    ((std::get<I>(S::kFields).kRequired && !seen[I] && missing
          ? (void)(missing = fail_field(std::get<I>(S::kFields).name, "is required"))
          : void()),
     ...);
  }(std::make_index_sequence<kNames.size()>{});
  return missing;
}

template <Structure S>
void encode(const S& structure, std::string& out);

template <class T>
void encode_value(const T& value, std::string& out) {
  if constexpr (std::is_same_v<T, bool>) {
    out += value ? "true" : "false";
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    json::write_int(value, out);
  } else if constexpr (std::is_same_v<T, double>) {
    json::write_double(value, out);
  } else if constexpr (std::is_same_v<T, std::string>) {
    json::write_string(value, out);
  } else if constexpr (std::is_same_v<T, Bytes>) {
    encode_bytes(value.view(), out);
  } else if constexpr (std::is_same_v<T, json::Value>) {
    json::write_canonical(value, out);
  } else if constexpr (IsOptional<T>::value) {
    encode_value(*value, out);
  } else if constexpr (IsVector<T>::value) {
    out += '[';
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i != 0) out += ',';
      encode_value(value[i], out);
    }
    out += ']';
  } else {
    encode(value, out);
  }
}

// A field's name as the wire has it: "path":
template <class S, std::size_t I>
constexpr auto quoted_name() {
  constexpr std::string_view kName = std::get<I>(S::kFields).name;
  std::array<char, kName.size() + 3> out{};
  out[0] = '"';
  std::copy(kName.begin(), kName.end(), out.begin() + 1);
  out[kName.size() + 1] = '"';
  out[kName.size() + 2] = ':';
  return out;
}

// One field and a comma; nothing for an absent optional.
template <class S, std::size_t I>
void encode_field(const S& structure, std::string& out) {
  static constexpr auto kName = quoted_name<S, I>();
  const auto& value = structure.*(std::get<I>(S::kFields).kMember);
  if constexpr (IsOptional<std::remove_cvref_t<decltype(value)>>::value) {
    if (!value) return;
  }
  out.append(kName.data(), kName.size());
  encode_value(value, out);
  out += ',';
}

template <Structure S>
void encode(const S& structure, std::string& out) {
  static constexpr auto kOrder = sorted_fields<S>();
  out += '{';
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (encode_field<S, kOrder[I]>(structure, out), ...);
  }(std::make_index_sequence<kFieldCount<S>>{});
  (void)structure;
  if (out.back() == ',') out.pop_back();  // the last field's; a value never ends in one
  out += '}';
}

template <class T>
constexpr Type type_of() {
  if constexpr (std::is_same_v<T, bool>)
    return Type::kBoolean;
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return Type::kInteger;
  else if constexpr (std::is_same_v<T, double>)
    return Type::kNumber;
  else if constexpr (std::is_same_v<T, std::string>)
    return Type::kText;
  else if constexpr (std::is_same_v<T, Bytes>)
    return Type::kBytes;
  else if constexpr (std::is_same_v<T, json::Value>)
    return Type::kJson;
  else if constexpr (IsOptional<T>::value)
    return type_of<typename T::value_type>();
  else if constexpr (IsVector<T>::value)
    return Type::kList;
  else
    return Type::kStruct;
}

template <Structure S>
const StructInfo* describe(std::string_view name);

template <class T>
constexpr std::string_view struct_name() {  // from "... [T = agentos::abi::ReadRequest]"
  std::string_view text = __PRETTY_FUNCTION__;
  text.remove_prefix(text.rfind("::") + 2);
  return text.substr(0, text.find_first_of("];>"));
}

template <class T>
const StructInfo* structure_of() {
  if constexpr (IsOptional<T>::value || IsVector<T>::value)
    return structure_of<typename T::value_type>();
  else if constexpr (Structure<T>)
    return describe<T>(struct_name<T>());
  else
    return nullptr;
}

template <class F>
FieldInfo field_info(const F& field) {
  using T = FieldType<F>;
  FieldInfo info;
  info.name = field.name;
  info.summary = field.summary;
  info.type = type_of<T>();
  if constexpr (IsVector<T>::value) info.item = type_of<typename T::value_type>();
  if constexpr (IsOptional<T>::value) {
    info.nullable = true;
    if constexpr (IsVector<typename T::value_type>::value) info.item = type_of<typename T::value_type::value_type>();
  }
  info.structure = structure_of<T>();
  info.required = F::kRequired;
  info.rules = field.rules;
  return info;
}

template <Structure S>
const StructInfo* describe(std::string_view name) {
  static const auto kInfos = std::apply(
      [](const auto&... field) { return std::array<FieldInfo, sizeof...(field)>{field_info(field)...}; }, S::kFields);
  static const StructInfo kInfo{name, std::span<const FieldInfo>(kInfos.data(), kInfos.size())};
  return &kInfo;
}

template <Structure S>
StructCodec make_codec() {
  return StructCodec{
      .info = describe<S>(struct_name<S>()),
      .size = sizeof(S),
      .make = []() -> std::shared_ptr<void> { return std::make_shared<S>(); },
      .decode = [](const json::Value& value, void* out) -> Status { return decode(value, *static_cast<S*>(out)); },
      .assign = [](const void* from, void* to) { *static_cast<S*>(to) = *static_cast<const S*>(from); },
      .encode = [](const void* structure, std::string& out) { encode(*static_cast<const S*>(structure), out); }};
}

}  // namespace agentos::abi::codec
