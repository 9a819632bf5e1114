// What a manifest says, and the one clear error for each thing it may get wrong.
#include "lib/tool/manifest.h"

#include <string>

#include <gtest/gtest.h>

namespace agentos::tool {
namespace {

constexpr std::string_view kFull = R"(apiVersion: agentos/v1
kind: Tool
metadata:
  name: word_count
  summary: Counts the words of a file.
spec:
  command: [./count.py, --depth, "{depth?}", --, "{path}"]
  input_schema:
    type: object
    properties:
      path: {type: string}
      depth: {type: integer}
    required: [path]
  output_schema: {type: object}
  output: text
  profile: tool
  read_paths: [texts, /srv/texts/]
  write_paths: ["${tmp}"]
  timeout_ms: 5000
  output_bytes_max: 1000
  read_only: true
  cost_tokens: 7
  cost_money_micros: 1500
)";

Result<std::vector<Manifest>> parse(std::string_view text) { return parse_manifests(text, "tool.yaml", "/opt/tools"); }

// The full manifest with `from` replaced.
std::string refusal(std::string_view from, std::string_view to) {
  std::string text(kFull);
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  const auto result = parse(text.replace(at, from.size(), to));
  if (result) return "accepted";
  EXPECT_EQ(result.error().code, ErrorCode::kMalformed);
  return result.error().message;
}

TEST(Manifest, everything_is_read) {
  const auto manifests = parse(kFull);
  ASSERT_TRUE(manifests) << manifests.error().message;
  ASSERT_EQ(manifests->size(), 1u);
  const Manifest& manifest = manifests->front();
  EXPECT_EQ(manifest.name, "word_count");
  EXPECT_EQ(manifest.summary, "Counts the words of a file.");
  EXPECT_EQ(manifest.command, (std::vector<std::string>{"/opt/tools/count.py", "--depth", "{depth?}", "--", "{path}"}));
  EXPECT_EQ(manifest.input_schema.find("required")->as_array().size(), 1u);
  EXPECT_TRUE(manifest.output_schema.is_object());
  EXPECT_FALSE(manifest.output_json);
  EXPECT_EQ(manifest.read_paths, (std::vector<std::string>{"/opt/tools/texts", "/srv/texts"}));
  EXPECT_EQ(manifest.write_paths, (std::vector<std::string>{"${tmp}"}));
  EXPECT_EQ(manifest.timeout_ms, 5000);
  EXPECT_EQ(manifest.output_bytes_max, 1000);
  EXPECT_TRUE(manifest.read_only);
  EXPECT_EQ(manifest.cost_tokens, 7);
  EXPECT_EQ(manifest.cost_money_micros, 1500);
  EXPECT_EQ(manifest.runs, Runs::kProcess);
  EXPECT_TRUE(manifest.digest.empty());
}

TEST(Manifest, what_is_left_out_has_a_default) {
  const auto manifests = parse(R"({"apiVersion": "agentos/v1", "kind": "Tool", "metadata": {"name": "t"},
                                   "spec": {"command": ["date"]}})");
  ASSERT_TRUE(manifests) << manifests.error().message;
  const Manifest& manifest = manifests->front();
  EXPECT_EQ(manifest.command, (std::vector<std::string>{"date"}));
  EXPECT_EQ(manifest.input_schema, json::Value(json::Object{}));
  EXPECT_TRUE(manifest.output_schema.is_null());
  EXPECT_TRUE(manifest.output_json);
  EXPECT_EQ(manifest.profile, "tool");
  EXPECT_EQ(manifest.timeout_ms, 30'000);
  EXPECT_FALSE(manifest.read_only);
}

TEST(Manifest, a_stream_holds_several) {
  std::string second(kFull);
  second.replace(second.find("word_count"), 10, "other");
  const auto manifests = parse(std::string(kFull) + "---\n" + second);
  ASSERT_TRUE(manifests) << manifests.error().message;
  ASSERT_EQ(manifests->size(), 2u);
  EXPECT_EQ((*manifests)[1].name, "other");
  EXPECT_FALSE(parse(""));
  EXPECT_FALSE(parse("---\n---\n"));
}

TEST(Manifest, errors_name_file_line_and_column) {
  EXPECT_EQ(refusal("agentos/v1", "agentos/v9"), "tool.yaml:1:13: \"apiVersion\" must be agentos/v1");
  EXPECT_EQ(refusal("kind: Tool", "kind: Tol"), "tool.yaml:2:7: \"kind\" must be Tool");
  EXPECT_EQ(refusal("name: word_count", "name: word count"), "tool.yaml:4:9: \"word count\" is no tool name");
  EXPECT_EQ(refusal("  name: word_count\n", ""), "tool.yaml:4:3: \"name\" is missing");
  EXPECT_EQ(refusal("timeout_ms: 5000", "timeout_ms: soon"),
            "tool.yaml:19:15: \"timeout_ms\" must be an integer, not a string");
  EXPECT_EQ(refusal("timeout_ms: 5000", "timeout_ms: 0"), "tool.yaml:7:3: timeout_ms is 0");
  EXPECT_EQ(refusal("read_only: true", "read_only: yes"), "tool.yaml:21:14: \"read_only\" must be true or false");
  EXPECT_EQ(refusal("output: text", "output: xml"), "tool.yaml:15:11: \"output\" must be json or text");
  EXPECT_EQ(refusal("output: text", "runs: builtin"), "tool.yaml:15:9: \"runs\" must be process");
}

TEST(Manifest, an_unknown_key_is_refused_with_the_nearest) {
  std::string text(kFull);
  text.replace(text.find("timeout_ms"), 10, "timout_ms");
  const auto result = parse(text);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "tool.yaml:19:3: spec has no key \"timout_ms\"");
  EXPECT_EQ(result.error().hint, "did you mean \"timeout_ms\"?");
}

TEST(Manifest, a_command_uses_only_what_the_schema_describes) {
  EXPECT_EQ(refusal("{path}\"", "{file}\""),
            "tool.yaml:7:12: the command uses \"{file}\", which input_schema does not describe");
  EXPECT_EQ(refusal("{depth?}", "{depth}"), "tool.yaml:7:12: the command uses \"{depth}\", which may be absent");
  EXPECT_EQ(refusal("./count.py", "\"{path}\""), "tool.yaml:7:12: the program of the command is not fixed");
  EXPECT_EQ(refusal("[./count.py, --depth, \"{depth?}\", --, \"{path}\"]", "[]"),
            "tool.yaml:7:12: the tool has no command");
  EXPECT_EQ(refusal("[./count.py, --depth, \"{depth?}\", --, \"{path}\"]", "count {path}"),
            "tool.yaml:7:12: \"command\" must be a list of strings, not a string");
}

TEST(Manifest, schemas_are_compiled_where_they_stand) {
  EXPECT_TRUE(refusal("type: integer", "type: integr").starts_with("tool.yaml:9:5: \"input_schema\": "));
  EXPECT_EQ(refusal("output_schema: {type: object}", "output_schema: 7"),
            "tool.yaml:14:18: \"output_schema\" must be a JSON Schema, not a integer");
}

TEST(Manifest, relative_words_need_an_absolute_folder) {
  const auto result = parse_manifests(kFull, "tool.yaml", "");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "tool.yaml:7:13: the path \"./count.py\" is not absolute");
}

TEST(Manifest, to_json_says_what_there_is) {
  const json::Value value = to_json(parse(kFull)->front());
  EXPECT_EQ(value.string_or("name", ""), "word_count");
  EXPECT_EQ(value.string_or("runs", ""), "process");
  EXPECT_EQ(value.string_or("output", ""), "text");
  EXPECT_EQ(value.int_or("timeout_ms", 0), 5000);
  EXPECT_TRUE(value.bool_or("read_only", false));
  EXPECT_EQ(value.find("command")->as_array().size(), 5u);
  EXPECT_EQ(value.find("digest"), nullptr);
}

}  // namespace
}  // namespace agentos::tool
