// What the operators mean, case by case: expectations are those of the original's evaluator 3.1.0 under Python 3.11.
#include <gtest/gtest.h>

#include "lib/policy/original/original.h"

namespace agentos::policy::original {
namespace {

// Operator, value of the rule, value in the request, and whether the rule matches, does not, or raises (which denies).
constexpr std::string_view kCases = R"cases(
["eq", 1, true, "Yes"]
["eq", 1.0, 1, "Yes"]
["eq", true, 1.0, "Yes"]
["eq", 0, false, "Yes"]
["eq", "1", 1, "No"]
["eq", 1, "1", "No"]
["eq", null, 1, "No"]
["eq", null, null, "No"]
["ne", null, null, "No"]
["ne", 1, true, "No"]
["ne", "a", "b", "Yes"]
["ne", "a", 1, "Yes"]
["ne", [1], [true], "No"]
["eq", 9007199254740993, 9007199254740992.0, "No"]
["eq", 9007199254740992, 9007199254740992.0, "Yes"]
["gt", 9007199254740992.0, 9007199254740993, "Yes"]
["eq", [1, 2], [1.0, 2], "Yes"]
["eq", [1, 2], [2, 1], "No"]
["eq", {"a": 1, "b": [true]}, {"b": [1], "a": 1.0}, "Yes"]
["eq", {"a": 1}, {"a": 1, "b": 2}, "No"]
["eq", [], {}, "No"]
["eq", [null], [null], "Yes"]
["gt", 0, true, "Yes"]
["gt", true, 1.5, "Yes"]
["lt", true, false, "Yes"]
["gte", 1.0, 1, "Yes"]
["gt", 5, "7", "Raises"]
["lt", "a", 1, "Raises"]
["lt", "b", "a", "Yes"]
["lt", "\u00e9", "z", "Yes"]
["gt", "z", "\u00e9", "Yes"]
["lte", "", "a", "No"]
["gt", null, 5, "Raises"]
["gt", ["pii"], ["secret"], "Yes"]
["gt", ["pii"], ["hr", "x"], "No"]
["lt", [1, 2], [1], "Yes"]
["lt", [1], ["a"], "Raises"]
["lt", ["a"], ["a"], "No"]
["gte", ["a"], ["a"], "Yes"]
["lt", [null], [null], "No"]
["lt", [null, 2], [null, 1], "Yes"]
["lt", [{"a": 1}], [{"a": 1}], "No"]
["lt", [{"a": 1}], [{"a": 2}], "Raises"]
["lt", {}, {}, "Raises"]
["lt", [], "a", "Raises"]
["gt", [[1]], [[2]], "Yes"]
["in", ["a", "b"], "a", "Yes"]
["in", ["a", "b"], "c", "No"]
["in", [1], true, "Yes"]
["in", "production", "prod", "Yes"]
["in", "production", 5, "Raises"]
["in", 5, 5, "Raises"]
["in", null, "a", "Raises"]
["in", true, true, "Raises"]
["in", {"a": 1}, "a", "Yes"]
["in", {"a": 1}, 5, "No"]
["in", {"a": 1}, ["a"], "Raises"]
["in", {"a": 1}, {}, "Raises"]
["in", [["a"]], ["a"], "Yes"]
["in", "", "", "Yes"]
["in", [], "a", "No"]
["contains", "x", ["x"], "Yes"]
["contains", "ell", "hello", "Yes"]
["contains", "", "hello", "Yes"]
["contains", 5, "5", "Raises"]
["contains", 1, [true], "Yes"]
["contains", "a", {"a": 1}, "Yes"]
["contains", 5, {"a": 1}, "No"]
["contains", [1], {"a": 1}, "Raises"]
["contains", null, {"a": 1}, "No"]
["contains", "a", 5, "Raises"]
["contains", "a", true, "Raises"]
["contains", null, [null], "Yes"]
["contains", [1], [[1.0]], "Yes"]
["contains", null, "None", "Raises"]
["matches", "rm", "alarm", "Yes"]
["matches", "^rm", "alarm", "No"]
["matches", "True", true, "Yes"]
["matches", "^1\\.0$", 1.0, "Yes"]
["matches", 1, 21, "Yes"]
["matches", null, "is None", "Yes"]
["matches", true, "True", "Yes"]
["matches", "^\\['a', 1\\.5, None, True\\]$", ["a", 1.5, null, true], "Yes"]
["matches", "^\\{'k': \\[\\{'x': ''\\}\\]\\}$", {"k": [{"x": ""}]}, "Yes"]
["matches", ["a", "b"], "xbx", "Yes"]
["matches", ["a", "b"], "xyz", "No"]
["matches", "^1e\\+16$", 1e+16, "Yes"]
["matches", "^1234567890123456\\.0$", 1234567890123456.0, "Yes"]
["matches", "^1e-05$", 1e-05, "Yes"]
["matches", "^0\\.0001$", 0.0001, "Yes"]
["matches", "^-0\\.0$", -0.0, "Yes"]
["matches", "^1e\\+100$", 1e+100, "Yes"]
["matches", "^\\[\"it's\"\\]$", ["it's"], "Yes"]
["matches", "^\\['it\\\\'s \"x\"'\\]$", ["it's \"x\""], "Yes"]
["matches", "^\\['\\\\n\\\\t\\\\\\\\\\\\x1b\\\\x00'\\]$", ["\n\t\\\u001b\u0000"], "Yes"]
["matches", "^\\['\u00e9\\\\xa0\\\\u200b\\\\U000e0001'\\]$", ["\u00e9\u00a0\u200b\udb40\udc01"], "Yes"]
["matches", "(?i)DROP\\s+table", "drop  TABLE", "Yes"]
)cases";

constexpr std::string_view kPatternCases = R"cases(
["matches", "a$", "a", "Yes"]
["matches", "a$", "a\n", "Yes"]
["matches", "a$", "a\nb", "No"]
["matches", "a$", "a\n\n", "No"]
["matches", "a$", "b\na\n", "Yes"]
["matches", "(?m)a$", "a\nb", "Yes"]
["matches", "^b", "a\nb", "No"]
["matches", "(?m)^b", "a\nb", "Yes"]
["matches", "a\\Z", "a\n", "No"]
["matches", "a\\Z", "a", "Yes"]
["matches", "\\Ab", "ab", "No"]
["matches", "a$\\n", "a\n", "Yes"]
["matches", "(a|$)b", "cb", "No"]
["matches", "(^|\\s)rm(\\s|$)", "x rm", "Yes"]
["matches", "(^|\\s)rm(\\s|$)x*\\n", "rm\n", "Yes"]
["matches", "x$\\n$", "a\nx\n", "Yes"]
["matches", "x$\\n$", "x\na\n", "No"]
["matches", "(\\n$){2}", "a\n\n", "Yes"]
["matches", "a.b", "a\nb", "No"]
["matches", "(?s)a.b", "a\nb", "Yes"]
["matches", "a[^b]c", "a\nc", "Yes"]
["matches", "^\\d+$", "\u0661\u0662\u0663", "Yes"]
["matches", "(?a)^\\d+$", "\u0661\u0662\u0663", "No"]
["matches", "^\\w+$", "na\u00efve_\u65e5\u672c", "Yes"]
["matches", "(?a)^\\w+$", "na\u00efve", "No"]
["matches", "^\\W$", "\u00e9", "No"]
["matches", "^\\s$", "\u3000", "Yes"]
["matches", "^\\s$", "\u001c", "Yes"]
["matches", "(?a)^\\s$", "\u001c", "No"]
["matches", "^\\S$", "\u0085", "No"]
["matches", "^[\\w-]+$", "\u00e9-1", "Yes"]
["matches", "^[^\\W\\d]+$", "\u00e9", "Yes"]
["matches", "^[^\\W\\d]+$", "1", "No"]
["matches", "^[\\W\\d]$", "\u00b2", "No"]
["matches", "^\\d$", "\u00b2", "No"]
["matches", "\\bcaf\u00e9\\b", "un caf\u00e9.", "Yes"]
["matches", "\\bcaf\\b", "caf\u00e9", "No"]
["matches", "(?a)\\bcaf\\b", "caf\u00e9", "Yes"]
["matches", "\\B\u00e9", "caf\u00e9", "Yes"]
["matches", "\\b", "\u00e9", "Yes"]
["matches", "\\b", "\u2014", "No"]
["matches", "\\B", "", "No"]
["matches", "\\b", "", "No"]
["matches", "(?a:\\b\u00e9)", "a\u00e9", "Yes"]
["matches", "(?i)stra\u00dfe", "STRASSE", "No"]
["matches", "(?i)\u00c9", "\u00e9", "Yes"]
["matches", "(?i)i", "\u0130", "Yes"]
["matches", "(?i)\u0131", "I", "Yes"]
["matches", "(?i)[h-j]", "\u0131", "Yes"]
["matches", "(?i)k", "\u212a", "Yes"]
["matches", "(?i:A)b", "ab", "Yes"]
["matches", "(?i:A)b", "aB", "No"]
["matches", "(?i)a(?-i:b)", "AB", "No"]
["matches", "(?i)\u017f", "S", "Yes"]
["matches", "(?i)\u03c2", "\u03a3", "Yes"]
["matches", "x{,2}y", "xxy", "Yes"]
["matches", "x{,}y", "y", "Yes"]
["matches", "^a{2}$", "aa", "Yes"]
["matches", "a{x}", "a{x}", "Yes"]
["matches", "a{1", "a{1", "Yes"]
["matches", "{}", "{}", "Yes"]
["matches", "a{}", "a{}", "Yes"]
["matches", "^[]a]+$", "]a", "Yes"]
["matches", "^[^]a]$", "]", "No"]
["matches", "[a\\-z]", "-", "Yes"]
["matches", "^[\\b]$", "\b", "Yes"]
["matches", "^[\\1]$", "\u0001", "Yes"]
["matches", "\\101", "A", "Yes"]
["matches", "\\0", "\u0000", "Yes"]
["matches", "\\x41\\u00e9\\U0001f600", "A\u00e9\ud83d\ude00", "Yes"]
["matches", "^.$", "\ud83d\ude00", "Yes"]
["matches", "a(?#note)b", "ab", "Yes"]
["matches", "a(?#note)+b", "aab", "Yes"]
["matches", "(?P<n>a)b", "ab", "Yes"]
["matches", "(?P<n>a|b)+$", "abab", "Yes"]
["matches", "()a", "a", "Yes"]
["matches", "(?:)*a", "a", "Yes"]
["matches", "(|a)+b", "b", "Yes"]
["matches", "a|", "z", "Yes"]
["matches", "[[:alpha:]]", "a]", "Yes"]
["matches", "\\.ssh/", "/home/u/.ssh/id", "Yes"]
["matches", "a+?b", "aab", "Yes"]
["matches", "\\#\\-\\ ", "#- ", "Yes"]
["matches", "\u00e9+", "caf\u00e9\u00e9", "Yes"]
["matches", "[\u00e0-\u00fc]", "\u00e9", "Yes"]
["matches", "\\]", "]", "Yes"]
["matches", "^$", "", "Yes"]
["matches", "^$", "\n", "Yes"]
["matches", "$^", "", "Yes"]
["matches", "(?im)^B$", "a\nb\nc", "Yes"]
)cases";

std::string answer_to(const json::Value& comparison, const json::Value& target, const json::Value& value) {
  json::Object rule{{"name", "r"}, {"action", "block"}};
  rule["condition"] = json::Object{{"field", "f"}, {"operator", comparison}, {"value", target}};
  const json::Array documents{json::Object{{"rules", json::Array{rule}}}};
  const auto compiled = Documents::compile(json::Value(documents));
  if (!compiled) return compiled.error().message;
  const Answer answer = (*compiled)->decide(json::Object{{"f", value}});
  if (answer.matched_rule) return answer.action == Action::kBlock && !answer.allowed ? "Yes" : "wrong action";
  return answer.allowed ? "No" : "Raises";
}

std::size_t check_all(std::string_view cases) {
  std::size_t count = 0;
  while (!cases.empty()) {
    const std::string_view line = cases.substr(0, cases.find('\n'));
    cases.remove_prefix(std::min(cases.size(), line.size() + 1));
    if (line.empty()) continue;
    const auto row = json::parse(line);
    EXPECT_TRUE(row) << line;
    if (!row) continue;
    const json::Array& cells = row->as_array();
    EXPECT_EQ(answer_to(cells[0], cells[1], cells[2]), cells[3].as_string()) << line;
    ++count;
  }
  return count;
}

TEST(OriginalOperators, mean_what_python_means) { EXPECT_GT(check_all(kCases), 90u); }

TEST(OriginalOperators, patterns_mean_what_python_means) { EXPECT_GE(check_all(kPatternCases), 90u); }

TEST(OriginalOperators, not_in_is_the_opposite_of_in_and_raises_with_it) {
  EXPECT_EQ(answer_to("not_in", json::Array{"a"}, "b"), "Yes");
  EXPECT_EQ(answer_to("not_in", json::Array{1}, true), "No");
  EXPECT_EQ(answer_to("not_in", 5, "b"), "Raises");
}

TEST(OriginalOperators, patterns_that_need_backtracking_are_refused_by_name) {
  const std::pair<const char*, const char*> kRefused[] = {{"x(?=a)", "look-around at octet 2"},
                                                          {"(?!a)", "look-around"},
                                                          {"(?<=a)b", "look-around"},
                                                          {"(?<!a)b", "look-around"},
                                                          {"(a)\\1", "a back-reference at octet 4"},
                                                          {"(?P<n>a)(?P=n)", "a back-reference"},
                                                          {"(a)(?(1)a|b)", "a back-reference"},
                                                          {"(?>a)", "an atomic group"},
                                                          {"a++", "a possessive repetition at octet 3"},
                                                          {"a{2}+", "a possessive repetition"},
                                                          {"(?x)a b", "the flag x"},
                                                          {"\\N{DASH}", "unknown escape \\N"},
                                                          {"a{1001}", "a repetition beyond 1000"}};
  for (const auto& [pattern, what] : kRefused) {
    const std::string message = answer_to("matches", pattern, "a");
    EXPECT_TRUE(message.starts_with("documents[0]: rule \"r\": regular expression: ")) << pattern << ": " << message;
    EXPECT_TRUE(message.contains(what)) << pattern << ": " << message;
  }
}

TEST(OriginalOperators, patterns_python_refuses_are_refused) {
  for (const char* const pattern :
       {"a**",    "a{2}{3}", "*a",     "^*",    "a|*",   "(",      "a)",    "[a",       "[z-a]",   "[\\w-a]",
        "\\",     "\\q",     "\\z",    "\\8",   "[\\8]", "a(?i)b", "(?L)a", "(?P<1>a)", "(?<n>a)", "(?P<a>x)(?P<a>y)",
        "a{3,2}", "\\x4",    "\\u12",  "\\400", "(?i",   "(?#x",   "(?P<n", "(?-i)a",   "(?z)",    "(?a-u:x)",
        "[",      "(?",      "\\ud800"}) {
    const std::string message = answer_to("matches", pattern, "a");
    EXPECT_TRUE(message.contains("regular expression: ")) << pattern << ": " << message;
  }
}

TEST(OriginalOperators, patterns_and_their_programs_are_bounded) {
  EXPECT_TRUE(answer_to("matches", std::string(5000, 'a'), "a").contains("longer than 4096"));
  EXPECT_TRUE(answer_to("matches", std::string(200, '('), "a").contains("nested deeper than 64"));
  EXPECT_TRUE(answer_to("matches", "((a{90}){90}){90}", "a").contains("too many states"));
}

}  // namespace
}  // namespace agentos::policy::original
