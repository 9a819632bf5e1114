// What a schema is compiled to: one flat list of instructions, a range of it per subschema, and side tables that
// instructions index. Immutable after compile, so any number of threads may run it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json/value.h"
#include "lib/schema/pattern.h"
#include "lib/schema/schema.h"

namespace agentos::schema {

inline constexpr std::size_t kSubschemasMax = 10'000;
inline constexpr std::size_t kSchemaDepthMax = 64;
inline constexpr std::size_t kStepsMax = 1'000'000;
inline constexpr std::size_t kEvaluationDepthMax = 400;  // schema within schema and value within value while validating
inline constexpr std::uint32_t kNone = UINT32_MAX;       // no subschema

enum class Op : std::uint8_t {
  kType,        // first: mask of TypeBit
  kEnum,        // values[first, first + count)
  kConst,       // values[first]
  kMultipleOf,  // values[first]
  kMaximum,     // values[first]; so the next three
  kExclusiveMaximum,
  kMinimum,
  kExclusiveMinimum,
  kMaxLength,  // number; so the other counts
  kMinLength,
  kPattern,  // patterns[first]
  kMaxItems,
  kMinItems,
  kUniqueItems,
  kMaxProperties,
  kMinProperties,
  kRequired,           // strings[first, first + count)
  kDependentRequired,  // when strings[other] is there: strings[first, first + count)
  kRef,                // subschema first
  kAllOf,              // targets[first, first + count)
  kAnyOf,
  kOneOf,
  kNot,               // subschema first
  kIf,                // subschema first; then: other; else: third (kNone when absent)
  kDependentSchema,   // when strings[other] is there: subschema first
  kPropertyNames,     // subschema first
  kProperties,        // named[first, + count), matched[other, + number), additional: third (kNone when absent)
  kItems,             // prefix: targets[first, first + count); the rest: other (kNone when absent)
  kContains,          // subschema first; minimum: other; maximum: number
  kUnevaluatedItems,  // subschema first; these two come last in their subschema
  kUnevaluatedProperties,
};

enum TypeBit : std::uint32_t {
  kNullType = 1,
  kBooleanType = 2,
  kIntegerType = 4,
  kNumberType = 8,
  kStringType = 16,
  kArrayType = 32,
  kObjectType = 64,
};

struct Instruction {
  Op op;
  const char* keyword;  // for the violation's pointer
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  std::uint32_t other = 0;
  std::uint32_t third = kNone;
  std::uint64_t number = 0;
};

struct Subschema {
  enum class Kind : std::uint8_t { kTrue, kFalse, kChecks };
  Kind kind = Kind::kTrue;
  bool tracks = false;  // it must know which items and properties its other keywords evaluated
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  std::string pointer;
};

struct NamedTarget {
  std::string name;
  std::uint32_t target;
};
struct MatchedTarget {
  Pattern pattern;
  std::uint32_t target;
};

struct CompiledSchema {
  std::vector<Subschema> subschemas;  // the first is the root
  std::vector<Instruction> instructions;
  std::vector<std::uint32_t> targets;
  std::vector<json::Value> values;
  std::vector<std::string> strings;
  std::vector<Pattern> patterns;
  std::vector<NamedTarget> named;  // each range sorted by name
  std::vector<MatchedTarget> matched;
};

struct Schema::Program : CompiledSchema {};

}  // namespace agentos::schema
