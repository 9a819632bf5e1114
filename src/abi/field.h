// Field lists: a plain struct says once what it holds, and codec, schema, clients and pages follow from it.
//
//   struct SeekRequest {
//     std::int64_t handle = 0;
//     static constexpr auto kFields = std::tuple{Required<&SeekRequest::handle>{"handle", "An open file."}};
//   };
//
// Shapes: bool, int64 (within 2^53-1 on the wire), double, std::string (UTF-8 text), Bytes (a UTF-8 string or
// {"base64": "..."} on the wire), json::Value (any JSON), std::optional of those, std::vector of those, and structs.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <tuple>

namespace agentos::abi {

// Bounds and words of one field; checked when decoding.
struct Rules {
  std::int64_t minimum = -9'007'199'254'740'991;  // integers; 2^53 - 1
  std::int64_t maximum = 9'007'199'254'740'991;
  std::size_t size_max = 1 << 20;                  // octets of text and bytes; items of a list
  std::span<const std::string_view> choices = {};  // text: the words allowed; empty: any
  bool json_object = false;                        // a json::Value that must be an object
};

template <auto Member>
struct Required {
  static constexpr auto kMember = Member;
  static constexpr bool kRequired = true;
  std::string_view name;
  std::string_view summary;
  Rules rules = {};
};

// Absent means the struct's default.
template <auto Member>
struct Optional {
  static constexpr auto kMember = Member;
  static constexpr bool kRequired = false;
  std::string_view name;
  std::string_view summary;
  Rules rules = {};
};

// The same list at run time, for generators and pages.
enum class Type : std::uint8_t { kBoolean, kInteger, kNumber, kText, kBytes, kJson, kList, kStruct };

struct StructInfo;
struct FieldInfo {
  std::string_view name;
  std::string_view summary;
  Type type = Type::kText;
  Type item = Type::kText;                // of a kList
  const StructInfo* structure = nullptr;  // of a kStruct, or of the items of a kList of them
  bool required = false;
  bool nullable = false;  // std::optional: absent is a value of its own
  Rules rules;
};
struct StructInfo {
  std::string_view name;  // "ReadRequest"
  std::span<const FieldInfo> fields;
};

}  // namespace agentos::abi
