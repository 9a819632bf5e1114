// The conformance suite passes, when it is there.
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>
#include "apps/cel_conformance/suite.h"

namespace agentos::cel_conformance {
namespace {

TEST(Conformance, every_test_that_needs_no_protobuf_passes) {
  const char* folder = std::getenv("AGENTOS_CONFORMANCE");
  if (folder == nullptr) GTEST_SKIP() << "AGENTOS_CONFORMANCE is not set";
  const auto report = run_folder(std::filesystem::path(folder) / "cel");
  ASSERT_TRUE(report.has_value()) << report.error().message;
  EXPECT_EQ(report->sum().failed, 0u) << as_text(*report, Detail::kWithFailed);
  EXPECT_GT(report->sum().passed, 1000u);
}

Outcome run(std::string_view text) {
  const auto root = parse_textproto(text);
  EXPECT_TRUE(root.has_value());
  return run_test(*root);
}

TEST(Conformance, value_of_another_kind_fails) {
  EXPECT_EQ(run("expr: '1' value { int64_value: 1 }").verdict, Verdict::kPassed);
  EXPECT_EQ(run("expr: '1' value { uint64_value: 1 }").verdict, Verdict::kFailed);
  EXPECT_EQ(run("expr: '1' value { double_value: 1 }").verdict, Verdict::kFailed);
  EXPECT_EQ(run("expr: '-0.0' value { double_value: 0 }").verdict, Verdict::kFailed);
  EXPECT_EQ(run("expr: '0.0 / 0.0' value { double_value: nan }").verdict, Verdict::kPassed);
  EXPECT_EQ(run("expr: '{1: 2, 3: 4}' value { map_value { entries { key { int64_value: 3 } value { int64_value: 4 } } "
                "entries { key { int64_value: 1 } value { int64_value: 2 } } } }")
                .verdict,
            Verdict::kPassed);
}

TEST(Conformance, missing_error_fails) {
  EXPECT_EQ(run("expr: '1' eval_error { errors { message: 'x' } }").verdict, Verdict::kFailed);
  EXPECT_EQ(run("expr: '1 / 0' eval_error { errors { message: 'x' } }").verdict, Verdict::kPassed);
}

TEST(Conformance, wrong_deduced_type_fails) {
  EXPECT_EQ(run("expr: '1' check_only: true typed_result { deduced_type { primitive: INT64 } }").verdict,
            Verdict::kPassed);
  EXPECT_EQ(run("expr: '1' check_only: true typed_result { deduced_type { dyn {} } }").verdict, Verdict::kFailed);
}

TEST(Conformance, protobuf_is_excluded_with_its_reason) {
  const Outcome outcome = run("expr: 'TestAllTypes{}' container: 'cel.expr.conformance.proto3'");
  EXPECT_EQ(outcome.verdict, Verdict::kExcluded);
  EXPECT_NE(outcome.reason.find("TestAllTypes"), std::string::npos);
}

TEST(Textproto, reads_lists_strings_in_pieces_and_extensions) {
  const auto root = parse_textproto("a: [1, 2] b: 'x' \"\\x41\\101\\n\" [type.googleapis.com/p.T] < c: -inf > # end");
  ASSERT_TRUE(root.has_value());
  ASSERT_EQ(root->fields.size(), 4u);
  EXPECT_EQ(root->fields[1].text, "2");
  EXPECT_EQ(root->text_of("b"), "xAA\n");
  EXPECT_EQ(root->fields[3].text_of("c"), "-inf");
}

TEST(Textproto, refuses_with_line_and_column) {
  for (const std::string_view text : {"a", "a: ", "a {", "a: 'x", "a: [1", "a: '\\q'", "a: '\\u12'", "}", "a: 1 }"})
    EXPECT_FALSE(parse_textproto(text).has_value()) << text;
  EXPECT_EQ(parse_textproto("a: 1\n  b: 'x\n").error().message.substr(0, 2), "2:");
  std::string deep;
  for (int i = 0; i < 200; ++i) deep += "a {";
  EXPECT_FALSE(parse_textproto(deep).has_value());
}

}  // namespace
}  // namespace agentos::cel_conformance
