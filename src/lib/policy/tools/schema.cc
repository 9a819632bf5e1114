// One definition a place; forms become types, patterns and bounds.
#include "lib/policy/tools/schema.h"

#include <fmt/format.h>

#include "lib/policy/keys.h"
#include "lib/policy/limits.h"
#include "lib/policy/state/bounds.h"
#include "lib/policy/tools/bounds.h"

namespace agentos::policy::tools {
namespace {

constexpr std::string_view kNamePattern = "^[A-Za-z0-9._-]+$";
constexpr std::string_view kDurationPattern = "^[0-9]+(ms|s|m|h|d)$";
constexpr std::string_view kGlobPattern = "^[^!\\[\\]{}\\\\][^\\[\\]{}\\\\]*$";
constexpr std::string_view kPathGlobPattern = "^/[^\\[\\]{}\\\\]*$";
constexpr std::string_view kMomentPattern =
    "^([0-2][0-9]:[0-5][0-9]|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)$";

std::string definition_name(Where place) {
  constexpr std::string_view kNames[] = {"document",   "metadata",  "spec",   "agents",  "window",
                                         "sequence",   "limit",     "rule",   "step",    "comparison",
                                         "obligation", "redact",    "ask",    "test",    "test_spec",
                                         "test_tool",  "test_case", "expect", "request", "result"};
  static_assert(std::size(kNames) == kWheres);
  return std::string(kNames[static_cast<std::size_t>(place)]);
}

json::Object reference(Where place) { return {{"$ref", "#/$defs/" + definition_name(place)}}; }

json::Object text(std::size_t bytes_max) {
  return {{"type", "string"}, {"minLength", 1}, {"maxLength", static_cast<std::int64_t>(bytes_max)}};
}
json::Object text_like(std::string_view pattern, std::size_t bytes_max) {
  json::Object made = text(bytes_max);
  made.append("pattern", pattern);
  return made;
}
json::Object list_of(json::Value item, std::size_t items_max = kPatternsMax) {
  return {{"type", "array"},
          {"items", std::move(item)},
          {"minItems", 1},
          {"maxItems", static_cast<std::int64_t>(items_max)}};
}
json::Object map_of(json::Value member) { return {{"type", "object"}, {"additionalProperties", std::move(member)}}; }
json::Object one_of_words(std::span<const std::string_view> words) {
  json::Array all;
  for (std::string_view word : words) all.push_back(word);
  return {{"enum", std::move(all)}};
}

json::Object integer_of(const Key& key) {
  json::Object made{{"type", "integer"}};
  if (key.name == "priority") {
    made.append("minimum", -kPriorityMax);
    made.append("maximum", kPriorityMax);
  } else if (key.in(Where::kLimit)) {
    made.append("minimum", 1);
  } else if (key.name == "ring") {
    made.append("minimum", 0);
    made.append("maximum", kRingMax);
  }
  return made;
}

json::Object words_of_calls(const Vocabulary& vocabulary) {
  json::Array names{"*"};
  for (const Vocabulary::Call& call : vocabulary.calls) names.push_back(call.name);
  return {{"enum", std::move(names)}};
}

std::size_t items_max(const Key& key) {
  if (key.nested == Where::kRule) return kRulesMax;
  if (key.nested == Where::kLimit) return kLimitsMax;
  if (key.nested == Where::kTestCase) return kCasesMax;
  if (key.nested == Where::kTestTool) return kToolsMax;
  return kPatternsMax;
}

json::Object value_of(const Key& key, const Vocabulary& vocabulary) {
  switch (key.form) {
    case KeyForm::kWord:
      return one_of_words(key.words);
    case KeyForm::kWords:
      return list_of(one_of_words(key.words));
    case KeyForm::kName:
      return text_like(kNamePattern, kNameBytesMax);
    case KeyForm::kNames:
      return list_of(text(kNameBytesMax));
    case KeyForm::kText:
      return key.in(Where::kRequest) || key.in(Where::kResult) ? json::Object{{"type", "string"}}
                                                               : text(kSentenceBytesMax);
    case KeyForm::kTexts:
      return key.in(Where::kRequest) || key.in(Where::kTestExpect) || key.in(Where::kTestSpec)
                 ? json::Object{{"type", "array"}, {"items", json::Object{{"type", "string"}}}}
                 : list_of(text(kValueBytesMax));
    case KeyForm::kInteger:
      return integer_of(key);
    case KeyForm::kNumber:
      return {{"type", "number"}};
    case KeyForm::kBoolean:
      return {{"type", "boolean"}};
    case KeyForm::kDuration:
      return text_like(kDurationPattern, kNameBytesMax);
    case KeyForm::kGlobs:
    case KeyForm::kTargets:
      return list_of(text_like(kGlobPattern, kPatternBytesMax));
    case KeyForm::kPathGlobs:
      return list_of(text_like(kPathGlobPattern, kPatternBytesMax));
    case KeyForm::kRings:
      return list_of(json::Object{{"type", "integer"}, {"minimum", 0}, {"maximum", kRingMax}});
    case KeyForm::kCalls:
      return list_of(words_of_calls(vocabulary));
    case KeyForm::kExpression:
      return text(kExpressionBytesMax);
    case KeyForm::kExpressions:
      return map_of(text(kExpressionBytesMax));
    case KeyForm::kMoment:
      return text_like(kMomentPattern, kNameBytesMax);
    case KeyForm::kValue:
      return {{"type", json::Array{"string", "integer"}}};
    case KeyForm::kValues:
      return list_of(json::Object{{"type", json::Array{"string", "integer"}}});
    case KeyForm::kPorts:
      return list_of(json::Object{{"type", "integer"}, {"minimum", 1}, {"maximum", 65'535}});
    case KeyForm::kTextOrTexts:
      return {{"anyOf", json::Array{text(kPatternBytesMax), list_of(text(kPatternBytesMax))}}};
    case KeyForm::kAnyTexts:
      return {
          {"type", "array"}, {"items", text(kPatternBytesMax)}, {"maxItems", static_cast<std::int64_t>(kPatternsMax)}};
    case KeyForm::kData:
      return {};
    case KeyForm::kDataMap:
      return {{"type", "object"}};
    case KeyForm::kObject:
      return reference(key.nested);
    case KeyForm::kObjects:
      return {
          {"type", "array"}, {"items", reference(key.nested)}, {"maxItems", static_cast<std::int64_t>(items_max(key))}};
    case KeyForm::kObjectMap:
      return map_of(reference(key.nested));
    case KeyForm::kObligations:
      return {{"type", "array"},
              {"items", json::Object{{"anyOf", json::Array{one_of_words(key.words), reference(key.nested)}}}}};
    case KeyForm::kObjectOrGlobs:
      break;
  }
  return {{"anyOf", json::Array{list_of(text_like(kGlobPattern, kPatternBytesMax)), reference(key.nested)}}};
}

json::Object definition(Where place, const Vocabulary& vocabulary) {
  json::Object properties;
  json::Array required;
  for (const Key* key : keys_of(place)) {
    json::Object value = value_of(*key, vocabulary);
    if (!key->summary.empty()) value.append("description", key->summary);
    properties.append(std::string(key->name), std::move(value));
    if (key->required) required.push_back(key->name);
  }
  json::Object made{{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) made.append("required", std::move(required));
  if (place == Where::kObligation) made.append("maxProperties", 1);
  if (place == Where::kCondition || place == Where::kObligation) made.append("minProperties", 1);
  return made;
}

}  // namespace

json::Value schema_of_documents(const Vocabulary& vocabulary, std::string_view comment) {
  json::Object definitions;
  for (std::size_t place = 0; place < kWheres; ++place) {
    definitions.append(definition_name(static_cast<Where>(place)), definition(static_cast<Where>(place), vocabulary));
  }
  const json::Object is_test{{"properties", json::Object{{"kind", json::Object{{"const", "PolicyTest"}}}}},
                             {"required", json::Array{"kind"}}};
  return json::Object{{"$comment", comment},
                      {"$schema", "https://json-schema.org/draft/2020-12/schema"},
                      {"title", "AgentOS policy documents and their tests"},
                      {"type", "object"},
                      {"if", is_test},
                      {"then", reference(Where::kTest)},
                      {"else", reference(Where::kDocument)},
                      {"$defs", std::move(definitions)}};
}

}  // namespace agentos::policy::tools
