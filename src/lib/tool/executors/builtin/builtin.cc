// The tools every kernel has: what they are called, what they take, and the few lines that carry them out. All are
// pure but `clock`, and none touches anything outside its arguments.
#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/clock.h"
#include "base/crypto/hash.h"
#include "lib/tool/executors/builtin/calculate.h"
#include "lib/tool/executors/builtin/code_tools.h"
#include "lib/tool/executors/builtin/query.h"
#include "lib/tool/executors/builtin/text_stats.h"
#include "lib/tool/registry.h"

namespace agentos::tool {
namespace {

using json::Array;
using json::Object;
using json::Value;

constexpr std::int64_t kTimeoutMs = 5'000;
constexpr std::int64_t kTopWordsMax = 100;
constexpr std::int64_t kTopWordsDefault = 10;
constexpr double kIntegerMax = 9007199254740991;  // 2^53-1, the largest integer every reader of JSON keeps exact

Value object_schema(Object properties, Array required) {
  return Object{{"type", "object"},
                {"properties", std::move(properties)},
                {"required", std::move(required)},
                {"additionalProperties", false}};
}

Value integer_schema(std::string_view description) {
  return Object{{"type", "integer"}, {"minimum", 0}, {"description", description}};
}

Manifest builtin(std::string name, std::string summary, Value input_schema, Value output_schema) {
  Manifest manifest;
  manifest.name = std::move(name);
  manifest.summary = std::move(summary);
  manifest.input_schema = std::move(input_schema);
  manifest.output_schema = std::move(output_schema);
  manifest.runs = Runs::kBuiltin;
  manifest.timeout_ms = kTimeoutMs;
  manifest.read_only = true;
  return manifest;
}

Result<std::string_view> text_argument(const Value& arguments, std::string_view name) {
  const Value* value = arguments.find(name);
  if (value != nullptr && value->is_string()) return std::string_view(value->as_string());
  return fail(ErrorCode::kInvalidArgument, fmt::format("the argument \"{}\" must be a string", name));
}

Manifest echo_manifest() {
  return builtin("echo", "Returns its arguments unchanged.",
                 Object{{"type", "object"}, {"description", "Anything; it comes back as it is."}},
                 Object{{"type", "object"}});
}
Result<Value> echo(const Value& arguments, const std::atomic<bool>&) { return arguments; }

Manifest clock_manifest() {
  return builtin("clock", "Tells the time.", object_schema({}, {}),
                 object_schema({{"unix_us", integer_schema("Microseconds since 1970 UTC.")},
                                {"utc", Object{{"type", "string"}, {"description", "RFC 3339, in UTC."}}}},
                               {"unix_us", "utc"}));
}
Result<Value> tell_time(const Clock& clock) {
  const std::int64_t now_us = clock.wall_us();
  const std::time_t seconds = static_cast<std::time_t>(now_us / 1'000'000);
  return Object{{"unix_us", now_us},
                {"utc", fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(seconds), now_us % 1'000'000)}};
}

Manifest calculate_manifest() {
  Value input = object_schema(
      {{"expression",
        Object{{"type", "string"},
               {"minLength", 1},
               {"maxLength", static_cast<std::int64_t>(kExpressionBytesMax)},
               {"description", "Arithmetic: + - * / % ^, parentheses, sqrt abs min max round floor ceil, pi and e."}}}},
      {"expression"});
  return builtin("calculate", "Evaluates an arithmetic expression.", std::move(input),
                 object_schema({{"value", Object{{"type", "number"}}}}, {"value"}));
}
Result<Value> run_calculate(const Value& arguments, const std::atomic<bool>&) {
  const double value = TRY(calculate(TRY(text_argument(arguments, "expression"))));
  const bool whole = value == std::floor(value) && std::fabs(value) <= kIntegerMax;
  return Object{{"value", whole ? Value(static_cast<std::int64_t>(value)) : Value(value)}};
}

Manifest sha256_manifest() {
  Value input = object_schema(
      {{"text", Object{{"type", "string"}, {"description", "The text; its UTF-8 octets are hashed."}}}}, {"text"});
  Value output = object_schema({{"sha256", Object{{"type", "string"}, {"pattern", "^[0-9a-f]{64}$"}}},
                                {"bytes", integer_schema("Octets hashed.")}},
                               {"sha256", "bytes"});
  return builtin("sha256", "Computes the SHA-256 digest of a text.", std::move(input), std::move(output));
}
Result<Value> run_sha256(const Value& arguments, const std::atomic<bool>&) {
  const std::string_view text = TRY(text_argument(arguments, "text"));
  return Object{{"sha256", crypto::hex(crypto::sha256(text))}, {"bytes", static_cast<std::int64_t>(text.size())}};
}

Manifest json_query_manifest() {
  Value input = object_schema(
      {{"json", Object{{"description", "The value to look into."}}},
       {"path", Object{{"type", "string"},
                       {"maxLength", 4096},
                       {"description", "A JSON Pointer (/a/b/0) or a path (a.b[0]); empty for the whole value."}}}},
      {"json", "path"});
  Value output = object_schema({{"found", Object{{"type", "boolean"}}}, {"value", Object{}}}, {"found", "value"});
  return builtin("json_query", "Picks one value out of a JSON value.", std::move(input), std::move(output));
}
Result<Value> run_json_query(const Value& arguments, const std::atomic<bool>&) {
  const Value* document = arguments.find("json");
  if (document == nullptr) return fail(ErrorCode::kInvalidArgument, "the argument \"json\" is missing");
  const Value* found = TRY(find_at(*document, TRY(text_argument(arguments, "path"))));
  return Object{{"found", found != nullptr}, {"value", found == nullptr ? Value() : *found}};
}

Manifest text_stats_manifest() {
  Value input = object_schema({{"text", Object{{"type", "string"}, {"description", "The text to count."}}},
                               {"top", Object{{"type", "integer"},
                                              {"minimum", 0},
                                              {"maximum", kTopWordsMax},
                                              {"default", kTopWordsDefault},
                                              {"description", "How many of the most frequent words to return."}}}},
                              {"text"});
  Value word =
      object_schema({{"word", Object{{"type", "string"}}}, {"count", integer_schema("How often.")}}, {"word", "count"});
  Value output = object_schema({{"lines", integer_schema("Lines.")},
                                {"words", integer_schema("Words.")},
                                {"characters", integer_schema("Unicode characters.")},
                                {"bytes", integer_schema("Octets in UTF-8.")},
                                {"top_words", Object{{"type", "array"}, {"items", std::move(word)}}}},
                               {"lines", "words", "characters", "bytes", "top_words"});
  return builtin("text_stats", "Counts lines, words and characters of a text and finds its most frequent words.",
                 std::move(input), std::move(output));
}
Result<Value> run_text_stats(const Value& arguments, const std::atomic<bool>&) {
  const std::string_view text = TRY(text_argument(arguments, "text"));
  const std::int64_t top = std::clamp<std::int64_t>(arguments.int_or("top", kTopWordsDefault), 0, kTopWordsMax);
  TextStats stats = text_stats(text, static_cast<std::size_t>(top));
  Array top_words;
  for (auto& [word, count] : stats.top_words) top_words.push_back(Object{{"word", word}, {"count", count}});
  return Object{{"lines", stats.lines},
                {"words", stats.words},
                {"characters", stats.characters},
                {"bytes", stats.bytes},
                {"top_words", std::move(top_words)}};
}

}  // namespace

Status add_builtin_tools(Registry& registry, HostExecutors& executors) {
  auto clock = std::make_shared<const RealClock>();
  TRY(registry.add(echo_manifest(), executors.make(echo)));
  TRY(registry.add(clock_manifest(),
                   executors.make([clock](const Value&, const std::atomic<bool>&) { return tell_time(*clock); })));
  TRY(registry.add(calculate_manifest(), executors.make(run_calculate)));
  TRY(registry.add(sha256_manifest(), executors.make(run_sha256)));
  TRY(registry.add(json_query_manifest(), executors.make(run_json_query)));
  TRY(registry.add(text_stats_manifest(), executors.make(run_text_stats)));
  return add_code_tools(registry, executors);
}

}  // namespace agentos::tool
