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

// Some of every library, so that the engine is tested where the suite's files are not at hand.
TEST(Expressions, of_every_library_are_true) {
  for (const char* expression : {
           "'%d'.format([double('NaN')]) == 'NaN' && '%d'.format([double('-Infinity')]) == '-Infinity'",
           "'%s %d %x %X %o %b %.2f %e'.format(['a', 7, 255, 255, 8, 5, 1.5, 10.0]) == 'a 7 ff FF 10 101 1.50 "
           "1.000000e+01'",
           "string(7) + string(7u) + string(true) + string(1.5) == '77true1.5' && string(double('NaN')) == 'NaN'",
           "int('-3') == -3 && uint('3') == 3u && double('1e3') == 1000.0 && bool('true')",
           "1 < 1.5 && 2u > 1 && dyn(1) == 1.0 && 9223372036854775807 > 1e18",
           "[1, 2, 3].exists(x, x > 2) && [1, 2].all(x, x > 0) && [1, 2, 2].exists_one(x, x == 1)",
           "[3, 1, 2].map(x, x * 2) == [6, 2, 4] && [1, 2, 3].filter(x, x != 2) == [1, 3]",
           "'a,b'.split(',') == ['a', 'b'] && ['a', 'b'].join('-') == 'a-b' && 'abc'.substring(1) == 'bc'",
           "'tacocat'.indexOf('c') == 2 && 'tacocat'.lastIndexOf('c') == 4 && 'aXbX'.replace('X', '-', 1) == 'a-bX'",
           "'ÄB'.lowerAscii() == 'Äb' && '  a '.trim() == 'a' && 'héllo'.size() == 5 && 'abc'.reverse() == 'cba'",
           "'foobar'.matches('^fo+b') && !'foobar'.matches('^b') && 'ab'.startsWith('a') && 'ab'.endsWith('b')",
           "math.greatest(1, 2.5, 2u) == 2.5 && math.abs(-3) == 3 && math.ceil(1.2) == 2.0 && math.bitAnd(6, 3) == 2",
           "sets.contains([1, 2, 3], [3, 1]) && sets.intersects([1], [1, 2]) && sets.equivalent([1, 2], [2, 1, 1])",
           "base64.encode(b'hi') == 'aGk=' && base64.decode('aGk=') == b'hi'",
           "optional.of(3).orValue(4) == 3 && optional.none().orValue(4) == 4 && {'a': 1}[?'b'].orValue(9) == 9",
           "cel.bind(x, 'a', x + x) == 'aa'",
           "ip('192.168.1.7').isLoopback() == false && cidr('10.0.0.0/8').containsIP('10.1.2.3')",
           "timestamp('2026-01-02T03:04:05Z') + duration('1h') == timestamp('2026-01-02T04:04:05Z')",
           "timestamp('2026-01-02T03:04:05Z').getDayOfWeek('Europe/Berlin') == 5 && duration('90m').getHours() == 1",
           "has({'a': 1}.a) && !has({'a': 1}.b) && 'a' in {'a': 1} && 3 in [1, 3] && {'a': {'b': 2}}.a.b == 2",
           "type(1) == int && type('') == string && type([]) == list && type({}) == map && type(null) == null_type",
           "(true || 1 / 0 > 0) && !(false && 1 / 0 > 0) && (true ? 1 : 2) == 1",
       }) {
    std::string test = "expr: \"";
    test.append(expression).append("\" value { bool_value: true }");
    const Outcome outcome = run(test);
    EXPECT_EQ(outcome.verdict, Verdict::kPassed) << expression << ": " << outcome.reason;
  }
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
