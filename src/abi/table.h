// The table of calls at run time: one row per line of syscalls.def, with its struct descriptions and codecs.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "abi/codes.h"
#include "abi/field.h"
#include "base/error.h"
#include "base/json/value.h"

namespace agentos::abi {

inline constexpr std::int64_t kAbiRevision = 3;  // rises with every change of the table

enum class Call : std::uint16_t {
#define CALL(number, name, structure, subject, right, effect, waits, support, errors, summary) k##structure = number,
#define ERRORS(...)
#include "abi/syscalls.def"
#undef CALL
#undef ERRORS
};
inline constexpr std::size_t kCallNumberMax = 127;

enum class Subject : std::uint8_t { agent, operator_, any, kernel };
enum class Effect : std::uint8_t { none, state, external };
enum class Support : std::uint8_t { full, reserved };

std::string_view name_of(Subject subject);  // "agent" "operator" "any" "kernel"
std::string_view name_of(Effect effect);
std::string_view name_of(Support support);

// What can be done with a request or reply struct whose type only its row knows.
struct StructCodec {
  const StructInfo* info;
  std::size_t size;
  std::shared_ptr<void> (*make)();                              // default-constructed
  Status (*decode)(const json::Value& value, void* structure);  // unknown fields are refused
  void (*assign)(const void* from, void* to);                   // copies
  void (*encode)(const void* structure, std::string& out);      // RFC 8785 canonical JSON, appended
};

struct Row {
  Call call;
  std::uint16_t number;
  std::string_view name;
  Subject subject;
  Rights right;
  std::string_view right_name;
  Effect effect;
  bool waits;
  Support support;
  std::span<const ErrorCode> errors;
  std::string_view summary;
  StructCodec request;
  StructCodec reply;
};

std::span<const Row> rows();  // by number
const Row& row_of(Call call);
const Row* find_row(std::string_view name);
const Row* find_row(std::uint16_t number);
std::span<const StructInfo* const> structs();  // every struct a row reaches, nested ones first, each once

// "read" -> Call of a request type, at compile time: call_of<ReadRequest>.
template <class Request>
struct CallOf;

}  // namespace agentos::abi
