// Every struct of the table: round trip, and every way one field can be wrong, made from the descriptions.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "abi/calls.h"
#include "abi/table.h"

namespace agentos::abi {
namespace {

// A value with every field of a struct set, made from its description.
json::Object sample_struct(const StructInfo& info);

json::Value sample_value(const FieldInfo& field, Type type) {
  switch (type) {
    case Type::kBoolean:
      return true;
    case Type::kInteger:
      return std::min<std::int64_t>(std::max<std::int64_t>(field.rules.minimum, 7), field.rules.maximum);
    case Type::kNumber:
      return 0.25;
    case Type::kText:
      return field.rules.choices.empty() ? std::string("t\"\\\n\u00e9") : std::string(field.rules.choices.back());
    case Type::kBytes:
      return json::Object{{"base64", "/wA="}};
    case Type::kJson:
      return json::Object{{"a", 1}, {"b", json::Array{nullptr, 0.5}}};
    case Type::kList:
    case Type::kStruct:
      break;
  }
  return sample_struct(*field.structure);
}

json::Object sample_struct(const StructInfo& info) {
  json::Object object;
  for (const FieldInfo& field : info.fields) {
    json::Value value = field.type == Type::kList ? json::Value(json::Array{sample_value(field, field.item)})
                                                  : sample_value(field, field.type);
    object.append(std::string(field.name), std::move(value));
  }
  return object;
}

struct Side {
  const Row& row;
  const StructCodec& codec;
};

void for_each_side(const std::function<void(const Side&)>& check) {
  for (const Row& row : rows()) {
    for (const StructCodec* codec : {&row.request, &row.reply}) {
      SCOPED_TRACE(std::string(row.name) + " " + std::string(codec->info->name));
      check({row, *codec});
    }
  }
}

// For each field of each struct: a full sample, the field replaced by what `replacement` makes of it (null: skip).
void expect_each_field_refused(const std::function<json::Value(const FieldInfo&)>& replacement) {
  int checked = 0;
  for_each_side([&](const Side& side) {
    for (const FieldInfo& field : side.codec.info->fields) {
      json::Value wrong = replacement(field);
      if (wrong.is_null()) continue;
      json::Object object = sample_struct(*side.codec.info);
      object[field.name] = std::move(wrong);
      const Status status = side.codec.decode(object, side.codec.make().get());
      ASSERT_FALSE(status.has_value()) << field.name << ": " << json::write(object).substr(0, 200);
      EXPECT_EQ(status.error().code, error::invalid_argument);
      EXPECT_NE(status.error().message.find("\"" + std::string(field.name) + "\""), std::string::npos)
          << status.error().message;
      ++checked;
    }
  });
  EXPECT_GT(checked, 0);
}

std::string encoded(const StructCodec& codec, const void* structure) {
  std::string out;
  codec.encode(structure, out);
  return out;
}

TEST(Codec, every_struct_round_trips) {
  for_each_side([](const Side& side) {
    const json::Object sample = sample_struct(*side.codec.info);
    const auto structure = side.codec.make();
    const Status status = side.codec.decode(sample, structure.get());
    ASSERT_TRUE(status.has_value()) << status.error().message;
    const std::string text = encoded(side.codec, structure.get());
    const auto parsed = json::parse(text);
    ASSERT_TRUE(parsed.has_value()) << text;
    EXPECT_EQ(*parsed, json::Value(sample)) << text;
  });
}

TEST(Codec, encoding_is_canonical) {
  for_each_side([](const Side& side) {
    for (const bool full : {true, false}) {
      const auto structure = side.codec.make();
      if (full) {
        ASSERT_TRUE(side.codec.decode(sample_struct(*side.codec.info), structure.get()).has_value());
      }
      const std::string text = encoded(side.codec, structure.get());
      const auto parsed = json::parse(text);
      ASSERT_TRUE(parsed.has_value()) << text;
      EXPECT_EQ(text, json::write_canonical(*parsed));
    }
  });
}

TEST(Codec, unknown_field_is_refused_by_name) {
  for_each_side([](const Side& side) {
    json::Object object = sample_struct(*side.codec.info);
    object.append("no_such_field", 1);
    const Status status = side.codec.decode(object, side.codec.make().get());
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().message, "unknown field \"no_such_field\"");
  });
}

TEST(Codec, near_miss_of_a_field_is_hinted_at) {
  WriteRequest request;
  const StructCodec& codec = row_of(Call::kWrite).request;
  const Status status = codec.decode(json::Object{{"pth", "/a"}, {"data", "x"}}, &request);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().hint, "did you mean \"path\"?");
}

TEST(Codec, missing_required_field_is_refused_and_missing_optional_is_not) {
  for_each_side([](const Side& side) {
    for (const FieldInfo& field : side.codec.info->fields) {
      json::Object object = sample_struct(*side.codec.info);
      object.erase(field.name);
      const Status status = side.codec.decode(object, side.codec.make().get());
      EXPECT_EQ(status.has_value(), !field.required) << field.name;
      if (field.required) {
        EXPECT_EQ(status.error().message, "field \"" + std::string(field.name) + "\" is required");
      }
    }
  });
}

TEST(Codec, value_of_a_wrong_type_is_refused) {
  expect_each_field_refused([](const FieldInfo& field) -> json::Value {
    if (field.type == Type::kJson && !field.rules.json_object) return nullptr;  // takes anything
    return field.type == Type::kBoolean ? json::Value("true") : json::Value(true);
  });
}

TEST(Codec, null_is_no_value) {
  for_each_side([](const Side& side) {
    for (const FieldInfo& field : side.codec.info->fields) {
      if (field.type == Type::kJson && !field.rules.json_object) continue;
      json::Object object = sample_struct(*side.codec.info);
      object[field.name] = nullptr;
      EXPECT_FALSE(side.codec.decode(object, side.codec.make().get()).has_value()) << field.name;
    }
  });
}

TEST(Codec, number_with_a_fraction_is_no_integer) {
  expect_each_field_refused(
      [](const FieldInfo& field) { return field.type == Type::kInteger ? json::Value(1.5) : json::Value(); });
}

TEST(Codec, integer_below_its_bound_is_refused) {
  expect_each_field_refused([](const FieldInfo& field) {
    return field.type == Type::kInteger ? json::Value(field.rules.minimum - 1) : json::Value();
  });
}

TEST(Codec, integer_above_its_bound_is_refused) {
  expect_each_field_refused([](const FieldInfo& field) {
    return field.type == Type::kInteger ? json::Value(field.rules.maximum + 1) : json::Value();
  });
}

TEST(Codec, text_beyond_its_bound_is_refused) {
  expect_each_field_refused([](const FieldInfo& field) {
    const bool bounded = field.type == Type::kText || field.type == Type::kBytes;
    return bounded ? json::Value(std::string(field.rules.size_max + 1, 'x')) : json::Value();
  });
}

TEST(Codec, text_with_nul_is_refused) {
  expect_each_field_refused([](const FieldInfo& field) {
    return field.type == Type::kText ? json::Value(std::string("a\0b", 3)) : json::Value();
  });
}

TEST(Codec, word_that_is_no_choice_is_refused) {
  expect_each_field_refused([](const FieldInfo& field) {
    return field.rules.choices.empty() ? json::Value() : json::Value("no such choice");
  });
}

TEST(Codec, list_with_too_many_items_is_refused) {
  expect_each_field_refused([](const FieldInfo& field) -> json::Value {
    if (field.type != Type::kList || field.rules.size_max == Rules{}.size_max) return nullptr;
    return json::Array(field.rules.size_max + 1, sample_value(field, field.item));
  });
}

TEST(Codec, request_that_is_no_object_is_refused) {
  for_each_side([](const Side& side) {
    for (const json::Value& value : {json::Value(), json::Value(1), json::Value("x"), json::Value(json::Array{})}) {
      EXPECT_FALSE(side.codec.decode(value, side.codec.make().get()).has_value());
    }
  });
}

TEST(Codec, octets_come_as_text_or_base64) {
  const StructCodec& codec = row_of(Call::kWrite).request;
  const auto decoded = [&](json::Value data) {
    WriteRequest request;
    const Status status = codec.decode(json::Object{{"data", std::move(data)}}, &request);
    return status ? request.data.content : "refused: " + status.error().message;
  };
  EXPECT_EQ(decoded("caf\u00e9"), "caf\u00e9");
  EXPECT_EQ(decoded(std::string("a\0b", 3)), std::string("a\0b", 3));
  EXPECT_EQ(decoded(json::Object{{"base64", "/wA="}}), std::string("\xff\0", 2));
  EXPECT_EQ(decoded(json::Object{{"base64", ""}}), "");
  for (const char* bad : {"/wA", "/wB=", "/w A=", "====", "*wA="}) {
    EXPECT_EQ(decoded(json::Object{{"base64", bad}}), "refused: field \"data\" is not valid base64") << bad;
  }
  const std::string shape = "refused: field \"data\" must be text or {\"base64\": \"...\"}";
  EXPECT_EQ(decoded(json::Object{{"base64", 1}}), shape);
  EXPECT_EQ(decoded(json::Object{{"base64", ""}, {"more", 1}}), shape);
  EXPECT_EQ(decoded(json::Object{}), shape);
  EXPECT_EQ(decoded(5), shape);
}

TEST(Codec, octets_go_as_text_unless_base64_is_shorter_or_the_only_way) {
  const auto encoded_data = [](std::string content) {
    ReadReply reply;
    reply.data = Bytes(std::move(content));
    std::string out;
    row_of(Call::kRead).reply.encode(&reply, out);
    return out;
  };
  EXPECT_EQ(encoded_data("caf\u00e9\n"), R"({"data":"café\n","end":false})");
  EXPECT_EQ(encoded_data(""), R"({"data":"","end":false})");
  EXPECT_EQ(encoded_data("\xff"), R"({"data":{"base64":"/w=="},"end":false})");
  EXPECT_EQ(encoded_data(std::string(60, '\1')).substr(0, 18), R"({"data":{"base64":)");
}

TEST(Codec, reply_to_the_largest_read_fits_in_a_line) {
  for (const char octet : {'a', '\0', '\n', '"', '\xff'}) {
    ReadReply reply;
    reply.data = Bytes(std::string(kReadSizeMax, octet));
    std::string out;
    row_of(Call::kRead).reply.encode(&reply, out);
    EXPECT_LE(out.size(), (std::size_t{1} << 20) - 1024) << static_cast<int>(octet);
  }
}

TEST(Codec, absent_optional_is_left_out_and_stays_absent) {
  const StructCodec& codec = row_of(Call::kRead).request;
  ReadRequest request;
  request.path = "/a";
  const std::string text = encoded(codec, &request);
  EXPECT_EQ(text, R"({"path":"/a"})");
  ReadRequest decoded;
  decoded.handle = 3;
  ASSERT_TRUE(codec.decode(*json::parse(R"({"path":"/a","offset":5})"), &decoded).has_value());
  EXPECT_EQ(decoded.offset, 5);
  EXPECT_FALSE(decoded.size.has_value());
}

TEST(Codec, nested_struct_is_as_strict) {
  const StructCodec& codec = row_of(Call::kFork).request;
  ForkRequest request;
  EXPECT_FALSE(codec.decode(*json::parse(R"({"budget":{"calls":-1}})"), &request).has_value());
  EXPECT_FALSE(codec.decode(*json::parse(R"({"budget":{"cals":1}})"), &request).has_value());
  EXPECT_FALSE(codec.decode(*json::parse(R"({"budget":{},"handles":[-1]})"), &request).has_value());
  EXPECT_TRUE(codec.decode(*json::parse(R"({"budget":{"calls":1},"handles":[0]})"), &request).has_value());
  EXPECT_EQ(request.budget->calls, 1);
}

}  // namespace
}  // namespace agentos::abi
