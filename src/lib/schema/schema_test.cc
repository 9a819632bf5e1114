// Every keyword by one valid and one invalid value at least, references, what is refused at compile time, and bounds.
#include "lib/schema/schema.h"

#include <gtest/gtest.h>

namespace agentos::schema {
namespace {

json::Value value_of(std::string_view text) {
  auto value = json::parse(text, {.depth_max = 2000});
  EXPECT_TRUE(value.has_value()) << text << ": " << (value ? "" : value.error().message);
  return value ? std::move(*value) : json::Value();
}

Schema compiled(std::string_view text) {
  auto schema = Schema::compile(value_of(text));
  EXPECT_TRUE(schema.has_value()) << text << ": " << (schema ? "" : schema.error().message);
  return schema ? std::move(*schema) : std::move(*Schema::compile(json::Value(false)));
}

std::string refusal(std::string_view text) {
  const auto schema = Schema::compile(value_of(text));
  return schema ? "accepted" : schema.error().message;
}

void expect(std::string_view schema_text, std::initializer_list<const char*> valid,
            std::initializer_list<const char*> invalid) {
  const Schema schema = compiled(schema_text);
  for (const char* text : valid) {
    const auto violations = schema.validate(value_of(text));
    EXPECT_TRUE(violations.empty()) << schema_text << " must take " << text << ": " << violations[0].instance << " "
                                    << violations[0].keyword << " " << violations[0].message;
  }
  for (const char* text : invalid) {
    EXPECT_FALSE(schema.validate(value_of(text)).empty()) << schema_text << " must refuse " << text;
  }
}

TEST(Schema, booleans_take_all_or_nothing) {
  expect("true", {"1", "{}", "null"}, {});
  expect("false", {}, {"1", "{}", "null"});
  expect("{}", {"1", "{}"}, {});
}

TEST(Schema, type) {
  expect(R"({"type":"integer"})", {"1", "-3", "1.0", "1e2"}, {"1.5", "\"1\"", "null", "true"});
  expect(R"({"type":"number"})", {"1", "1.5"}, {"\"1\"", "[]"});
  expect(R"({"type":["string","null"]})", {"\"\"", "null"}, {"0", "{}", "false"});
  expect(R"({"type":"object"})", {"{}"}, {"[]"});
  expect(R"({"type":"array"})", {"[]"}, {"{}"});
  expect(R"({"type":"boolean"})", {"true"}, {"0"});
}

TEST(Schema, enum_and_const_compare_by_value) {
  expect(R"({"enum":["a",1,null,{"k":[1,2]}]})", {"\"a\"", "1.0", "null", R"({"k":[1,2.0]})"},
         {"\"b\"", "2", R"({"k":[2,1]})", "true"});
  expect(R"({"const":{"a":1,"b":2}})", {R"({"b":2,"a":1})"}, {R"({"a":1})", "1"});
  expect(R"({"const":false})", {"false"}, {"0", "[]"});
  expect(R"({"const":null})", {"null"}, {"0", "false"});
}

TEST(Schema, numbers) {
  expect(R"({"maximum":3})", {"3", "2.9", "\"x\""}, {"3.1", "4"});
  expect(R"({"exclusiveMaximum":3})", {"2.999"}, {"3", "3.0"});
  expect(R"({"minimum":-1.5})", {"-1.5", "0"}, {"-2"});
  expect(R"({"exclusiveMinimum":0})", {"1e-9"}, {"0", "-0.0"});
  expect(R"({"minimum":9007199254740993})", {"9007199254740993"}, {"9007199254740992", "9007199254740992.0"});
}

TEST(Schema, multiple_of_is_exact_on_decimal_digits) {
  expect(R"({"multipleOf":2})", {"10", "0", "-4", "4.0"}, {"7", "0.5"});
  expect(R"({"multipleOf":0.01})", {"19.99", "4.35", "0.07", "1", "1e300"}, {"0.075", "19.999"});
  expect(R"({"multipleOf":0.0001})", {"0.0075"}, {"0.00751"});
  expect(R"({"multipleOf":0.123456789})", {"0.246913578"}, {"1e308"});
  expect(R"({"multipleOf":1e-8})", {"12391239123", "1e300"}, {"1e-9"});
  expect(R"({"multipleOf":9223372036854775807})", {"-9223372036854775807"}, {"9223372036854775806"});
}

TEST(Schema, strings_count_code_points) {
  expect(R"({"minLength":2,"maxLength":3})",
         {"\"ab\"", "\"\xC3\xA4\xC3\xA4\xC3\xA4\"", R"("\ud83d\ude00\ud83d\ude00")", "7"},
         {"\"a\"", "\"abcd\"", R"("\ud83d\ude00")"});
}

TEST(Schema, pattern_is_searched_for_anywhere) {
  expect(R"({"pattern":"^[a-z]+$"})", {"\"abc\"", "7"}, {"\"Abc\"", "\"\"", "\"a\\n\""});
  expect(R"({"pattern":"b+"})", {"\"abbc\""}, {"\"ac\""});
  expect(R"({"pattern":"^\\u00e4\\d{2}\\/$"})",
         {"\"\xC3\xA4"
          "12/\""},
         {"\"a12/\""});
  expect(R"({"pattern":"^(?<year>\\d{4})$"})", {"\"2024\""}, {"\"24\""});
  EXPECT_NE(refusal(R"x({"properties":{"x":{"pattern":"a(?=b)"}}})x").find("/properties/x/pattern: unsupported"),
            std::string::npos)
      << refusal(R"x({"properties":{"x":{"pattern":"a(?=b)"}}})x");
  EXPECT_NE(refusal(R"x({"pattern":"(a)\\1"})x").find("unsupported"), std::string::npos);
  EXPECT_NE(refusal(R"x({"pattern":"[a"})x").find("unsupported"), std::string::npos);
  EXPECT_NE(refusal(R"x({"patternProperties":{"(?!x)":{}}})x").find("/patternProperties/(?!x): unsupported"),
            std::string::npos);
}

TEST(Schema, arrays) {
  expect(R"({"minItems":1,"maxItems":2})", {"[1]", "[1,2]", "{}"}, {"[]", "[1,2,3]"});
  expect(R"({"items":{"type":"string"}})", {"[]", "[\"a\"]", "3"}, {"[\"a\",1]"});
  expect(R"({"prefixItems":[{"type":"string"},{"type":"integer"}],"items":false})", {"[]", "[\"a\"]", "[\"a\",1]"},
         {"[1]", "[\"a\",1,2]"});
  expect(R"({"contains":{"type":"integer"}})", {"[1,\"x\"]", "{}"}, {"[]", "[\"x\"]"});
  expect(R"({"contains":{"type":"integer"},"minContains":2,"maxContains":3})", {"[1,2]", "[1,2,3,\"x\"]"},
         {"[1]", "[1,2,3,4]"});
  expect(R"({"contains":{"type":"integer"},"minContains":0})", {"[]", "[\"x\"]"}, {});
  expect(R"({"minContains":5})", {"[]"}, {});
}

TEST(Schema, unique_items) {
  expect(R"({"uniqueItems":true})", {"[]", "[1,2]", "[1,true]", "[[1],[2]]", R"([{"a":1},{"a":2}])", "[\"1\",1]"},
         {"[1,1.0]", R"([{"a":1,"b":2},{"b":2,"a":1}])", "[[1],[1]]"});
  expect(R"({"uniqueItems":true})", {"[1,2,3,4,5,6,7,8,9,10,11,558399488515316600,558399488515316608.0]"},
         {"[1,2,3,4,5,6,7,8,9,10,11,2.0]", R"([1,2,3,4,5,6,7,8,{"a":1,"b":[]},{"b":[],"a":1.0}])"});
  expect(R"({"uniqueItems":false})", {"[1,1]"}, {});
}

TEST(Schema, objects) {
  expect(R"({"required":["a","b"]})", {R"({"a":1,"b":2})", "[]"}, {R"({"a":1})", "{}"});
  expect(R"({"minProperties":1,"maxProperties":2})", {R"({"a":1})"}, {"{}", R"({"a":1,"b":2,"c":3})"});
  expect(R"({"properties":{"b":{"type":"integer"},"a":{"type":"string"}}})", {"{}", R"({"a":"x","b":1,"c":[]})"},
         {R"({"a":1})", R"({"b":"x"})"});
  expect(R"({"properties":{"a":{}},"patternProperties":{"^x-":{"type":"string"}},"additionalProperties":false})",
         {R"({"a":1,"x-y":"z"})"}, {R"({"b":1})", R"({"x-y":1})"});
  expect(R"({"additionalProperties":{"type":"integer"}})", {R"({"a":1})"}, {R"({"a":"x"})"});
  expect(R"({"patternProperties":{"a":{"type":"integer"},"aa":{"maximum":5}}})", {R"({"aa":5,"b":"x"})"},
         {R"({"aa":6})", R"({"a":"x"})"});
  expect(R"({"properties":{"ax":{"minimum":3}},"patternProperties":{"^a":{"maximum":5}}})", {R"({"ax":4})"},
         {R"({"ax":2})", R"({"ax":6})"});
  expect(R"({"propertyNames":{"maxLength":3}})", {R"({"abc":1})"}, {R"({"abcd":1})"});
  expect(R"({"dependentRequired":{"a":["b","c"]}})", {R"({"a":1,"b":1,"c":1})", R"({"b":1})"}, {R"({"a":1,"b":1})"});
  expect(R"({"dependentSchemas":{"a":{"required":["b"]}}})", {"{}", R"({"a":1,"b":1})"}, {R"({"a":1})"});
}

TEST(Schema, combinations) {
  expect(R"({"allOf":[{"minimum":1},{"maximum":3}]})", {"2"}, {"0", "4"});
  expect(R"({"anyOf":[{"type":"string"},{"minimum":3}]})", {"\"x\"", "3"}, {"2"});
  expect(R"({"oneOf":[{"multipleOf":2},{"multipleOf":3}]})", {"2", "3"}, {"6", "5"});
  expect(R"({"not":{"type":"string"}})", {"1"}, {"\"x\""});
  expect(R"({"not":{"not":{"type":"string"}}})", {"\"x\""}, {"1"});
  expect(R"({"if":{"minimum":10},"then":{"multipleOf":10},"else":{"multipleOf":2}})", {"20", "4"}, {"15", "3"});
  expect(R"({"then":false,"else":false})", {"1"}, {});
}

TEST(Schema, unevaluated_properties_see_through_combinations) {
  expect(R"({"allOf":[{"properties":{"a":{}}}],"properties":{"b":{}},"unevaluatedProperties":false})",
         {R"({"a":1,"b":2})"}, {R"({"c":1})"});
  expect(
      R"({"anyOf":[{"required":["a"],"properties":{"a":{}}},{"required":["b"],"properties":{"b":{}}}],"unevaluatedProperties":false})",
      {R"({"a":1})", R"({"a":1,"b":2})"}, {R"({"a":1,"c":2})"});
  expect(
      R"({"if":{"required":["a"],"properties":{"a":{"const":1}}},"then":{"properties":{"b":{}}},"unevaluatedProperties":false})",
      {R"({"a":1,"b":2})"}, {R"({"a":2,"b":1})", R"({"a":2})"});
  expect(
      R"({"$ref":"#/$defs/base","unevaluatedProperties":{"type":"string"},"$defs":{"base":{"properties":{"a":{}}}}})",
      {R"({"a":1,"x":"y"})"}, {R"({"x":1})"});
  expect(R"({"not":{"not":{"properties":{"a":{}}}},"unevaluatedProperties":false})", {"{}"}, {R"({"a":1})"});
  expect(R"({"properties":{"a":{"unevaluatedProperties":false}},"unevaluatedProperties":false})", {R"({"a":{}})"},
         {R"({"a":{"b":1}})"});
  expect(R"({"additionalProperties":true,"unevaluatedProperties":false})", {R"({"x":1})"}, {});
  expect(R"({"allOf":[{"unevaluatedProperties":true}],"unevaluatedProperties":false})", {R"({"x":1})"}, {});
  expect(R"({"dependentSchemas":{"a":{"properties":{"a":{},"b":{}}}},"unevaluatedProperties":false})",
         {R"({"a":1,"b":1})"}, {R"({"b":1})"});
}

TEST(Schema, unevaluated_items_see_through_combinations) {
  expect(R"({"prefixItems":[true],"unevaluatedItems":false})", {"[1]"}, {"[1,2]"});
  expect(R"({"allOf":[{"prefixItems":[true,true]}],"unevaluatedItems":{"type":"string"}})", {"[1,2,\"x\"]"},
         {"[1,2,3]"});
  expect(R"({"contains":{"type":"integer"},"unevaluatedItems":{"type":"string"}})", {"[1,\"a\",2]"}, {"[1,null]"});
  expect(R"({"items":true,"unevaluatedItems":false})", {"[1,2,3]"}, {});
}

TEST(Schema, references_inside_the_document) {
  expect(R"({"properties":{"child":{"$ref":"#"}},"additionalProperties":false})", {R"({"child":{"child":{}}})"},
         {R"({"child":{"x":1}})"});
  expect(
      R"({"$defs":{"a/b":{"type":"integer"},"c%d":{"type":"string"}},"prefixItems":[{"$ref":"#/$defs/a~1b"},{"$ref":"#/$defs/c%25d"}]})",
      {"[1,\"x\"]"}, {"[\"x\"]", "[1,1]"});
  expect(R"({"$ref":"#name","$defs":{"x":{"$anchor":"name","minimum":3}}})", {"3"}, {"2"});
  expect(
      R"({"$id":"https://example.com/root.json","$ref":"item.json","$defs":{"i":{"$id":"item.json","$ref":"#/$defs/n","$defs":{"n":{"type":"integer"}}}}})",
      {"1"}, {"\"x\""});
  expect(
      R"({"$id":"https://example.com/a/root","$ref":"https://example.com/b#in","$defs":{"x":{"$id":"/b","$defs":{"y":{"$anchor":"in","const":1}}}}})",
      {"1"}, {"2"});
  expect(R"({"$id":"urn:uuid:deadbeef-0000","$ref":"urn:uuid:deadbeef-0000#/$defs/n","$defs":{"n":{"type":"null"}}})",
         {"null"}, {"1"});
  expect(R"({"$ref":"#/definitions/old","definitions":{"old":{"type":"string"}}})", {"\"x\""}, {"1"});
  expect(R"({"$ref":"#/x-own/0/deep","x-own":[{"deep":{"type":"integer"}}]})", {"1"}, {"\"x\""});
  expect(R"({"$dynamicRef":"#node","$defs":{"n":{"$dynamicAnchor":"node","type":"integer"}}})", {"1"}, {"\"x\""});
  expect(R"({"$ref":"#/$defs/a","maximum":5,"$defs":{"a":{"minimum":3}}})", {"4"}, {"2", "6"});
}

TEST(Schema, unknown_keywords_and_format_are_annotations) {
  expect(R"({"format":"email","x-anything":{"type":3},"title":5,"$schema":"https://example.com/x","default":1})",
         {"\"no at sign\"", "1"}, {});
  expect(R"({"enum":[{"$id":"https://example.com/not-a-schema","type":7}]})", {}, {"1"});
}

TEST(Schema, malformed_schemas_are_refused_with_a_pointer) {
  const std::pair<const char*, const char*> table[] = {
      {"1", "at /: must be a schema"},
      {R"({"properties":{"a/b":3}})", "at /properties/a~1b: must be a schema"},
      {R"({"items":[{}]})", "at /items: must be a schema"},
      {R"({"type":"text"})", "at /type: must be null"},
      {R"({"type":[]})", "at /type: must be null"},
      {R"({"enum":3})", "at /enum: must be a list"},
      {R"({"minimum":"3"})", "at /minimum: must be a number"},
      {R"({"multipleOf":0})", "at /multipleOf: must be above zero"},
      {R"({"minLength":-1})", "at /minLength: must be an integer of 0 or more"},
      {R"({"maxItems":1.5})", "at /maxItems: must be an integer"},
      {R"({"uniqueItems":1})", "at /uniqueItems: must be true or false"},
      {R"({"required":"a"})", "at /required: must be a list"},
      {R"({"required":[1]})", "at /required: must be a list"},
      {R"({"dependentRequired":{"a":"b"}})", "at /dependentRequired: must be a list"},
      {R"({"allOf":[]})", "at /allOf: must be a list of schemas"},
      {R"({"anyOf":{}})", "at /anyOf: must be a list of schemas"},
      {R"({"properties":[]})", "at /properties: must be an object"},
      {R"({"contains":true,"minContains":-1})", "at /minContains: must be an integer"},
      {R"({"$ref":3})", "at /$ref: must be a string"},
      {R"({"$id":"x#y"})", "at /$id: must have no fragment"},
      {R"({"$anchor":"1x"})", "at /$anchor: must be a name"},
      {R"({"$defs":{"a":{"$anchor":"n"},"b":{"$anchor":"n"}}})", "is the anchor of"},
      {R"({"$dynamicRef":"#n","$defs":{"a":{"$dynamicAnchor":"n"},"b":{"$id":"b","$dynamicAnchor":"n"}}})",
       "at /$dynamicRef: is unsupported"},
      {R"({"$dynamicRef":""})", "without end"},
      {R"({"$ref":"#/$defs/none"})", "names nothing in this document"},
      {R"({"$ref":"#none"})", "names nothing in this document"},
      {R"({"$ref":"https://json-schema.org/draft/2020-12/schema"})", "names nothing in this document"},
      {R"({"$ref":"#/$defs/x","$defs":{"x":7}})", "must be a schema"}};
  for (const auto& [text, message] : table) {
    EXPECT_NE(refusal(text).find(message), std::string::npos) << text << ": " << refusal(text);
    EXPECT_EQ(Schema::compile(value_of(text)).error().code, ErrorCode::kMalformed);
  }
}

TEST(Schema, references_without_end_are_refused) {
  for (const char* text :
       {R"({"$ref":"#"})", R"({"allOf":[{"$ref":"#"}]})",
        R"({"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"not":{"$ref":"#/$defs/a"}}}})",
        R"({"properties":{"x":{"if":{"anyOf":[true,{"$ref":"#/properties/x"}]}}}})"}) {
    EXPECT_NE(refusal(text).find("without end"), std::string::npos) << text << refusal(text);
  }
}

TEST(Schema, holds_its_compile_time_bounds) {
  std::string deep = "{}";
  for (int i = 0; i < 65; ++i) deep = R"({"not":)" + deep + "}";
  EXPECT_NE(refusal(deep).find("nested deeper than 64"), std::string::npos);
  json::Object properties;
  for (int i = 0; i < 10'000; ++i) properties.append("p" + std::to_string(i), json::Object{});
  const auto many = Schema::compile(json::Object{{"properties", properties}});
  ASSERT_FALSE(many.has_value());
  EXPECT_NE(many.error().message.find("more than 10000 subschemas"), std::string::npos);
  EXPECT_NE(refusal(R"x({"pattern":")x" + std::string(5000, 'a') + "\"}").find("4096"), std::string::npos);
  EXPECT_NE(refusal(R"({"pattern":"((a{100}){100}){100}"})").find("unsupported"), std::string::npos);
}

TEST(Schema, violations_say_where_and_what) {
  const Schema schema = compiled(
      R"({"type":"object","required":["path"],"properties":{"path":{"$ref":"#/$defs/p"},"a/b":{"items":{"maximum":3}}},
          "additionalProperties":false,"$defs":{"p":{"type":"string"}}})");
  auto violations = schema.validate(value_of(R"({"path":1,"a/b":[1,5],"x":0})"));
  ASSERT_EQ(violations.size(), 3u);
  EXPECT_EQ(violations[0].instance, "/path");
  EXPECT_EQ(violations[0].keyword, "/$defs/p/type");
  EXPECT_EQ(violations[0].message, "must be a string");
  EXPECT_EQ(violations[1].instance, "/a~1b/1");
  EXPECT_EQ(violations[1].keyword, "/properties/a~1b/items/maximum");
  EXPECT_EQ(violations[1].message, "must be at most 3");
  EXPECT_EQ(violations[2].instance, "/x");
  EXPECT_EQ(violations[2].keyword, "/additionalProperties");
  EXPECT_EQ(violations[2].message, "is not allowed");
  violations = schema.validate(value_of("{}"));
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].instance, "");
  EXPECT_EQ(violations[0].message, "must have the property \"path\"");
}

TEST(Schema, reports_no_more_violations_than_asked_but_at_least_one) {
  const Schema schema = compiled(R"({"items":{"type":"string"}})");
  const json::Value bad = value_of("[1,2,3,4,5,6,7,8,9,10,11]");
  EXPECT_EQ(schema.validate(bad).size(), 8u);
  EXPECT_EQ(schema.validate(bad, 3).size(), 3u);
  EXPECT_EQ(schema.validate(bad, 100).size(), 11u);
  EXPECT_EQ(schema.validate(bad, 0).size(), 1u);
}

TEST(Schema, work_is_bounded_and_running_out_is_never_valid) {
  std::string defs = R"("d0":{"minimum":0})";
  for (int i = 1; i <= 24; ++i) {
    const std::string below = "{\"$ref\":\"#/$defs/d" + std::to_string(i - 1) + "\"}";
    defs += ",\"d" + std::to_string(i) + "\":{\"allOf\":[" + below + "," + below + "]}";
  }
  for (const char* wrap : {R"("$ref":"#/$defs/d24")", R"("not":{"$ref":"#/$defs/d24"})"}) {
    const Schema bomb = compiled("{" + std::string(wrap) + ",\"$defs\":{" + defs + "}}");
    const auto violations = bomb.validate(json::Value(1));
    ASSERT_EQ(violations.size(), 1u);
    EXPECT_NE(violations[0].message.find("1000000 steps"), std::string::npos);
  }
}

TEST(Schema, deep_values_are_refused_and_do_not_overflow) {
  const Schema schema = compiled(R"({"items":{"$ref":"#"}})");
  json::Value deep;
  for (int i = 0; i < 1500; ++i) deep = json::Array{std::move(deep)};
  const auto violations = schema.validate(deep);
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_NE(violations[0].message.find("nested too deeply"), std::string::npos);
  json::Value fine;
  for (int i = 0; i < 150; ++i) fine = json::Array{std::move(fine)};
  EXPECT_TRUE(schema.validate(fine).empty());
}

}  // namespace
}  // namespace agentos::schema
