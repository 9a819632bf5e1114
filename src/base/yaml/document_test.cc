// What is read and where it stands, what is refused and how it is said.
#include "base/yaml/document.h"

#include <gtest/gtest.h>

namespace agentos::yaml {
namespace {

Node parsed(std::string_view text) {
  auto node = parse(text, "t.yaml");
  EXPECT_TRUE(node.has_value()) << text << "\n" << (node ? "" : node.error().message);
  return node ? std::move(*node) : Node();
}

std::string refusal(std::string_view text, const Limits& limits = {}) {
  const auto node = parse(text, "t.yaml", limits);
  return node ? "accepted " + json::write(to_json(*node)) : node.error().message;
}

std::string as_json(std::string_view text) { return json::write(to_json(parsed(text))); }

TEST(Yaml, reads_block_and_flow_with_positions) {
  const Node node = parsed("name: agent\nrules:\n  - allow: [read, \"write\"]\n    when: 'x'\n  - deny:\n");
  ASSERT_EQ(node.kind, Node::Kind::kMapping);
  ASSERT_EQ(node.entries.size(), 2u);
  EXPECT_EQ(node.find("name")->text, "agent");
  EXPECT_EQ(node.find("name")->mark.line, 1u);
  EXPECT_EQ(node.find("name")->mark.column, 7u);
  EXPECT_EQ(node.entries[1].mark.line, 2u);
  const Node& first = node.find("rules")->items.at(0);
  EXPECT_EQ(first.find("allow")->items.at(1).text, "write");
  EXPECT_EQ(first.find("allow")->items.at(1).mark.line, 3u);
  EXPECT_EQ(first.find("allow")->items.at(1).mark.column, 19u);  // at the quote
  EXPECT_EQ(first.entries[1].mark.column, 5u);
  EXPECT_EQ(node.find("rules")->items.at(1).find("deny")->kind, Node::Kind::kNull);
  EXPECT_EQ(node.find("rules")->items.at(1).find("deny")->mark.line, 5u);
  EXPECT_EQ(node.find("absent"), nullptr);
  EXPECT_EQ(first.find("when")->find("x"), nullptr);
}

TEST(Yaml, follows_the_core_schema_for_plain_scalars) {
  EXPECT_EQ(
      as_json("[null, Null, NULL, ~, true, True, TRUE, false, 0, -7, +3, 012, 0o17, 0x1F, 1.5, -.5, 1., 1e3, +1.5E-2]"),
      "[null,null,null,null,true,true,true,false,0,-7,3,12,15,31,1.5,-0.5,1,1000,0.015]");
  EXPECT_EQ(
      as_json("[yes, no, on, off, y, nUll, tRUE, 0b1, 1_000, 0o8, 0x, -0x1, '1', \"true\", .e1, 1e, 12:30, 2024-01-01, "
              ".]"),
      R"(["yes","no","on","off","y","nUll","tRUE","0b1","1_000","0o8","0x","-0x1","1","true",".e1","1e","12:30","2024-01-01","."])");
  EXPECT_EQ(parsed("1.10").text, "1.10");
  EXPECT_EQ(parsed("9223372036854775807").integer, INT64_MAX);
  EXPECT_EQ(parsed("-9223372036854775808").integer, INT64_MIN);
}

TEST(Yaml, refuses_numbers_that_json_cannot_say) {
  for (const char* text : {"9223372036854775808", "0xFFFFFFFFFFFFFFFF", ".inf", "-.Inf", ".nan", "1e999"}) {
    EXPECT_NE(refusal(text).find("t.yaml:1:1: "), std::string::npos) << refusal(text);
    EXPECT_NE(refusal(text).find("out of range"), std::string::npos) << refusal(text);
  }
}

TEST(Yaml, reads_block_scalars_and_escapes) {
  EXPECT_EQ(as_json("a: |\n  one\n   two\nb: >-\n  x\n  y\nc: \"t\\tn\\u00e4\\x41\"\nd: 'it''s'\n"),
            "{\"a\":\"one\\n two\\n\",\"b\":\"x y\",\"c\":\"t\\tn\xC3\xA4"
            "A\",\"d\":\"it's\"}");
  EXPECT_EQ(as_json("|\n  12\n"), "\"12\\n\"");
}

TEST(Yaml, reads_runs_of_escaped_single_quotes) {
  EXPECT_EQ(as_json("- ''''''\n- 'a''''''''b'\n- 'x ''''  \n    y\n\n\n  z'''''\n- {'k''''': 1}\n"),
            "[\"''\",\"a''''b\",\"x '' y\\n\\nz''\",{\"k''\":1}]");
  const std::string many(600, '\'');
  EXPECT_EQ(parsed("\xC3\xA4: '" + many + many + "'").entries.at(0).value.text, many);
}

TEST(Yaml, reads_json_documents) {
  EXPECT_EQ(as_json("{\n\t\"a\": [1, 2.5, null, true, \"\\ud83d\\ude00\\/\"],\n\t\"b\":{}\n}\n"),
            "{\"a\":[1,2.5,null,true,\"\xF0\x9F\x98\x80/\"],\"b\":{}}");
  EXPECT_EQ(as_json("\xEF\xBB\xBF{\"a\":1}"), "{\"a\":1}");
}

TEST(Yaml, an_empty_document_is_null) {
  for (const char* text : {"", "\n\n", "# only a comment\n", "---\n", "---\n...\n"}) {
    EXPECT_EQ(parsed(text).kind, Node::Kind::kNull) << text;
    EXPECT_EQ(parsed(text).mark.line, 1u) << text;
  }
}

TEST(Yaml, reads_several_documents_only_when_asked) {
  EXPECT_EQ(refusal("a: 1\n---\nb: 2\n"), "t.yaml:2:1: a second document in the file");
  const auto all = parse_all("a: 1\n---\n- &x 2\n---\n---\n'c'\n", "t.yaml");
  ASSERT_TRUE(all.has_value()) << all.error().message;
  ASSERT_EQ(all->size(), 4u);
  EXPECT_EQ((*all)[0].find("a")->integer, 1);
  EXPECT_EQ((*all)[2].kind, Node::Kind::kNull);
  EXPECT_EQ((*all)[3].text, "c");
  EXPECT_TRUE(parse_all("", "t.yaml")->empty());
  EXPECT_FALSE(parse_all("- &x 2\n---\n- *x\n", "t.yaml").has_value());  // anchors end with their document
}

TEST(Yaml, refuses_duplicate_keys) {
  EXPECT_EQ(refusal("a: 1\nb: 2\n\"a\": 3\n"), "t.yaml:3:1: duplicate key \"a\"");
  EXPECT_EQ(refusal("x: {a: 1, 'a': 1}"), "t.yaml:1:11: duplicate key \"a\"");
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "k" + std::to_string(i) + ": 1\n";
  EXPECT_EQ(parsed(many).entries.size(), 5000u);
  EXPECT_EQ(refusal(many + "k77: 2\n"), "t.yaml:5001:1: duplicate key \"k77\"");
}

TEST(Yaml, refuses_keys_that_are_not_strings) {
  EXPECT_EQ(refusal("? [a]\n: 1\n"), "t.yaml:1:3: a key must be a string, not a list");
  EXPECT_EQ(refusal("? {a: 1}\n: 1\n"), "t.yaml:1:3: a key must be a string, not a mapping");
  EXPECT_NE(refusal(": 1\n").find("a key is missing"), std::string::npos);
  EXPECT_NE(refusal("a: &b {x: 1}\nc:\n  <<: *b\n").find("t.yaml:3:3: merge keys"), std::string::npos);
  EXPECT_EQ(as_json("1: one\ntrue: yes\n'': empty\n"), R"({"1":"one","true":"yes","":"empty"})");
}

TEST(Yaml, resolves_aliases) {
  EXPECT_EQ(as_json("a: &x {k: [1, 2]}\nb: *x\nc: [*x, &y z, *y]\n"),
            R"({"a":{"k":[1,2]},"b":{"k":[1,2]},"c":[{"k":[1,2]},"z","z"]})");
  EXPECT_EQ(as_json("- &x 1\n- &x 2\n- *x\n"), "[1,2,2]");
  EXPECT_EQ(refusal("a: *nope\n"), "t.yaml:1:4: the alias *nope names nothing");
  EXPECT_EQ(refusal("- &a [1, *a]\n"), "t.yaml:1:10: the alias *a stands inside the value it names");
}

TEST(Yaml, refuses_alias_bombs_quickly) {
  std::string laughs = "a: &a [lol,lol,lol,lol,lol,lol,lol,lol,lol]\n";
  for (char c = 'b'; c <= 'i'; ++c) {
    laughs += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 9; ++i) laughs += std::string(i > 0 ? "," : "") + "*" + static_cast<char>(c - 1);
    laughs += "]\n";
  }
  EXPECT_NE(refusal(laughs).find("values"), std::string::npos) << refusal(laughs);
  std::string text = "- &a \"" + std::string(100'000, 'x') + "\"\n";
  for (int i = 0; i < 1000; ++i) text += "- *a\n";
  EXPECT_NE(refusal(text).find("aliases repeat too much text"), std::string::npos);
  std::string deep = "- &a0 [x]\n";
  for (int i = 1; i < 100; ++i) deep += "- &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  EXPECT_NE(refusal(deep).find("nested deeper than 64"), std::string::npos) << refusal(deep);
}

TEST(Yaml, holds_its_limits) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(parsed(nested(64)).kind, Node::Kind::kSequence);
  EXPECT_NE(refusal(nested(65)).find("nested deeper than 64"), std::string::npos);
  EXPECT_FALSE(parse(std::string(100'000, '['), "t.yaml").has_value());
  EXPECT_FALSE(parse(std::string(100'000, '{'), "t.yaml").has_value());
  EXPECT_NE(refusal("[1,2,3,4]", {.nodes_max = 5}).find("more than 5 values"), std::string::npos);
  EXPECT_NE(refusal("aaaaa", {.bytes_max = 4}).find("5 bytes"), std::string::npos);
}

TEST(Yaml, accepts_core_tags_and_refuses_others) {
  EXPECT_EQ(
      as_json("- !!str 5\n- !!int \"5\"\n- !!float 5\n- !!null ''\n- !!bool true\n- ! 5\n- !!map {}\n- !!seq []\n"),
      R"(["5",5,5,null,true,"5",{},[]])");
  EXPECT_EQ(refusal("a: !foo 1\n"), "t.yaml:1:9: the tag !foo has no meaning here");
  EXPECT_NE(refusal("a: !!int x\n").find("!!int does not fit"), std::string::npos);
  EXPECT_NE(refusal("a: !!binary aGk=\n").find("!!binary"), std::string::npos);
  EXPECT_NE(refusal("a: !!set {x: null}\n").find("has no meaning here"), std::string::npos);
  EXPECT_NE(refusal("!!seq {}\n").find("has no meaning here"), std::string::npos);
}

TEST(Yaml, says_where_the_text_is_malformed) {
  EXPECT_EQ(refusal("a: 'x\nb: 2").substr(0, 12), "t.yaml:1:4: ");
  EXPECT_EQ(refusal("a: 1\nb: c: d\n").substr(0, 12), "t.yaml:2:5: ");
  EXPECT_EQ(refusal("a:\n\tb: 1\n").substr(0, 12), "t.yaml:2:1: ");
  EXPECT_EQ(refusal("a: 1\nb: \xFF\n").substr(0, 9), "t.yaml:2:");
  EXPECT_EQ(refusal(std::string_view("a: \0", 4)).substr(0, 12), "t.yaml:1:4: ");
  for (const char* text :
       {"[1, 2", "{a: 1", "a: @x", "- \"\\ud800\"", "a: 1\n b: 2", "%BAD", "# x\n%BAD 1\n", "[a]]", "\"x"}) {
    const auto node = parse(text, "t.yaml");
    ASSERT_FALSE(node.has_value()) << text;
    EXPECT_EQ(node.error().code, ErrorCode::kMalformed);
    EXPECT_TRUE(node.error().message.starts_with("t.yaml:")) << node.error().message;
  }
}

TEST(Yaml, prints_nothing_itself) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  EXPECT_FALSE(parse("a: [1\nb: 'x", "t.yaml").has_value());
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

TEST(Yaml, names_kinds) {
  EXPECT_STREQ(parsed("[]").kind_name(), "list");
  EXPECT_STREQ(parsed("{}").kind_name(), "mapping");
  EXPECT_STREQ(parsed("1.5").kind_name(), "number");
  EXPECT_STREQ(parsed("x").kind_name(), "string");
}

TEST(Nearest, suggests_only_what_is_near) {
  const std::vector<std::string_view> words{"allow", "deny", "obligations", "ask"};
  EXPECT_EQ(nearest("alow", words), "allow");
  EXPECT_EQ(nearest("dney", words), "deny");
  EXPECT_EQ(nearest("obligation", words), "obligations");
  EXPECT_EQ(nearest("oblgatoin", words), "obligations");
  EXPECT_EQ(nearest("zebra", words), "");
  EXPECT_EQ(nearest("xy", words), "");
  EXPECT_EQ(nearest("", words), "");
  EXPECT_EQ(nearest(std::string(1000, 'a'), words), "");
}

}  // namespace
}  // namespace agentos::yaml
