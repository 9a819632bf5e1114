// One case a kind; the texts of times are those CEL itself converts them to.
#include "lib/policy/value_json.h"

#include <fmt/format.h>

#include <cmath>

#include "base/crypto/hash.h"
#include "base/time/civil.h"
#include "lib/policy/cel/type.h"

namespace agentos::policy {
namespace {

using cel::Value;
using cel::ValueKind;

constexpr int kValueDepthMax = 32;

Result<json::Value> convert(const Value& value, cel::Scratch& scratch, int depth);

std::string fraction(std::uint32_t nanoseconds) {
  if (nanoseconds == 0) return {};
  std::string digits = fmt::format(".{:09}", nanoseconds);
  while (digits.back() == '0') digits.pop_back();
  return digits;
}

std::string timestamp_text(std::int64_t seconds, std::uint32_t nanoseconds) {
  const CivilTime civil = civil_of_seconds(seconds);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", civil.year, civil.month, civil.day, civil.hour,
                     civil.minute, civil.second, fraction(nanoseconds));
}

std::string duration_text(std::int64_t seconds, std::uint32_t nanoseconds) {
  if (seconds >= 0 || nanoseconds == 0) return fmt::format("{}{}s", seconds, fraction(nanoseconds));
  return fmt::format("-{}{}s", -(seconds + 1), fraction(1'000'000'000 - nanoseconds));
}

Result<json::Value> convert_list(const Value& value, cel::Scratch& scratch, int depth) {
  json::Array array;
  if (value.storage() == cel::Storage::kJson) return json::Value(value.json_array());
  if (value.storage() == cel::Storage::kHost) {
    for (std::uint32_t i = 0; i < value.host_list().size(); ++i) {
      array.push_back(TRY(convert(value.host_list().at(i, scratch), scratch, depth + 1)));
    }
    return json::Value(std::move(array));
  }
  for (const Value& element : value.elements()) array.push_back(TRY(convert(element, scratch, depth + 1)));
  return json::Value(std::move(array));
}

Result<json::Value> convert_map(const Value& value, cel::Scratch& scratch, int depth) {
  if (value.storage() == cel::Storage::kJson) return json::Value(value.json_object());
  json::Object object;
  const auto add = [&](const cel::MapEntry& entry) -> Status {
    if (!entry.key.is(ValueKind::kString)) {
      return fail(ErrorCode::kInvalidArgument, "a map with keys that are not texts has no JSON form");
    }
    object[entry.key.text()] = TRY(convert(entry.value, scratch, depth + 1));
    return {};
  };
  if (value.storage() == cel::Storage::kHost) {
    for (std::uint32_t i = 0; i < value.host_map().size(); ++i) TRY(add(value.host_map().entry(i, scratch)));
  } else {
    for (const cel::MapEntry& entry : value.table().entries) TRY(add(entry));
  }
  return json::Value(std::move(object));
}

Result<json::Value> convert_record(const Value& value, cel::Scratch& scratch, int depth) {
  json::Object object;
  const bool host = value.storage() == cel::Storage::kHost;
  const cel::RecordShape& shape = host ? value.host_record().shape() : *value.fields().shape;
  for (std::uint32_t i = 0; i < shape.fields().size(); ++i) {
    const Value field = host ? value.host_record().field(i, scratch) : value.fields().values[i];
    if (field.is_absent()) continue;
    object[shape.fields()[i].name] = TRY(convert(field, scratch, depth + 1));
  }
  return json::Value(std::move(object));
}

Result<json::Value> convert(const Value& value, cel::Scratch& scratch, int depth) {
  if (depth > kValueDepthMax) return fail(ErrorCode::kInvalidArgument, "the value is nested too deeply");
  switch (value.kind()) {
    case ValueKind::kNull:
      return json::Value();
    case ValueKind::kBool:
      return json::Value(value.as_bool());
    case ValueKind::kInt:
      return json::Value(value.as_int());
    case ValueKind::kUint:
      if (value.as_uint() > static_cast<std::uint64_t>(INT64_MAX)) break;
      return json::Value(static_cast<std::int64_t>(value.as_uint()));
    case ValueKind::kDouble:
      if (!std::isfinite(value.as_double())) break;
      return json::Value(value.as_double());
    case ValueKind::kString:
    case ValueKind::kType:
      return json::Value(json::to_valid_utf8(value.text()));
    case ValueKind::kBytes:
      return json::Value(json::Object{{"base64", crypto::base64(value.text())}});
    case ValueKind::kDuration:
      return json::Value(duration_text(value.seconds(), value.nanoseconds()));
    case ValueKind::kTimestamp:
      return json::Value(timestamp_text(value.seconds(), value.nanoseconds()));
    case ValueKind::kList:
      return convert_list(value, scratch, depth);
    case ValueKind::kMap:
      return convert_map(value, scratch, depth);
    case ValueKind::kRecord:
      return convert_record(value, scratch, depth);
    case ValueKind::kOptional:
      if (value.optional_value() == nullptr) return json::Value();
      return convert(*value.optional_value(), scratch, depth + 1);
    case ValueKind::kAbsent:
    case ValueKind::kError:
    case ValueKind::kIp:
    case ValueKind::kCidr:
      break;
  }
  return fail(ErrorCode::kInvalidArgument, "the value has no JSON form");
}

}  // namespace

Result<json::Value> value_to_json(const Value& value, cel::Scratch& scratch) { return convert(value, scratch, 0); }

}  // namespace agentos::policy
