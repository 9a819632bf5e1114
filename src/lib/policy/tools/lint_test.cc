// Each finding with its code and place, and what is right left alone.
#include "lib/policy/tools/lint.h"

#include <fmt/format.h>

#include "lib/policy/tools/lint_checks.h"
#include "lib/policy/tools/spelling.h"
#include "lib/policy/tools/tools_fixture.h"

namespace agentos::policy::tools {
namespace {

using fixture::set_of;
using fixture::with_rules;

// "line:column code" of every finding.
std::vector<std::string> found(const PolicySet& set) {
  std::vector<std::string> out;
  for (const Finding& finding : lint(set)) {
    out.push_back(fmt::format("{}:{} {}", finding.mark.line, finding.mark.column, finding.code));
    EXPECT_FALSE(finding.message.empty());
    EXPECT_FALSE(finding.fix.empty()) << finding.message;
  }
  return out;
}
using Found = std::vector<std::string>;

TEST(Lint, built_in_documents_are_clean) {
  for (std::string_view name : preset_names()) {
    const PolicySet set = set_of({std::string(preset(name))});
    for (const Finding& finding : lint(set)) ADD_FAILURE() << name << ": " << finding.message;
  }
}

TEST(Lint, rules_another_one_always_decides_before) {
  EXPECT_EQ(found(with_rules("    - {name: a, syscalls: [read, write], paths: [\"/a/**\"], action: deny}\n"
                             "    - {name: b, syscalls: [read], paths: [\"/a/b/*\"], action: allow}\n")),
            (Found{"7:7 unreachable"}));
  EXPECT_EQ(found(with_rules("    - {name: a, syscalls: [\"*\"], action: allow}\n"
                             "    - {name: b, syscalls: [read], rings: [2], action: allow}\n")),
            (Found{"7:7 shadowed"}));
  // With allow first it is the other one that is not reached; with most specific neither.
  const std::string two =
      "    - {name: a, syscalls: [read], action: deny}\n"
      "    - {name: b, syscalls: [read], paths: [\"/a/**\"], action: allow}\n";
  EXPECT_EQ(found(with_rules(two, "  combining: allow_overrides\n")), (Found{}));
  EXPECT_EQ(found(with_rules(two, "  combining: most_specific_wins\n")), (Found{}));
  EXPECT_EQ(found(with_rules(two)), (Found{"7:7 unreachable"}));
  EXPECT_EQ(found(with_rules("    - {name: a, syscalls: [read], arguments: {n: {at_most: 9}}, action: deny}\n"
                             "    - {name: b, syscalls: [read], arguments: {n: {less_than: 5}}, action: allow}\n"
                             "    - {name: c, syscalls: [read], arguments: {n: {at_most: 10}}, action: allow}\n")),
            (Found{"6:47 unknown-argument", "7:7 unreachable", "7:47 unknown-argument", "8:47 unknown-argument"}));
}

TEST(Lint, rules_of_other_documents_count_where_they_deny) {
  const std::string denies = policy::fixture::document("x", "    - {name: no, syscalls: [send], action: deny}\n");
  const std::string allows =
      policy::fixture::document("y", "    - {name: yes, syscalls: [send], targets: [self], action: allow}\n");
  EXPECT_EQ(found(set_of({denies, allows})), (Found{"6:7 unreachable"}));
  const std::string for_some =
      policy::fixture::document("x", "    - {name: no, syscalls: [send], action: deny}\n", "  agents: [\"bad-*\"]\n");
  EXPECT_EQ(found(set_of({for_some, allows})), (Found{}));
}

TEST(Lint, contradictions) {
  EXPECT_EQ(found(with_rules("    - {name: a, syscalls: [read], paths: [\"/a/**\"], action: allow}\n"
                             "    - {name: b, syscalls: [read], paths: [\"/a/**\"], action: ask}\n")),
            (Found{"6:7 contradiction"}));
}

TEST(Lint, rules_that_never_match) {
  EXPECT_EQ(found(with_rules("    - {name: a, syscalls: [read], agents: [writer], action: allow}\n",
                             "  agents: [\"reader-*\"]\n")),
            (Found{"7:43 never-matches"}));
  EXPECT_EQ(found(with_rules("    - {name: a, syscalls: [hello], paths: [\"/a\"], action: allow}\n")),
            (Found{"6:43 never-matches"}));
  EXPECT_EQ(found(with_rules("    - {name: a, syscalls: [read], targets: [self], action: allow}\n")),
            (Found{"6:44 never-matches"}));
  EXPECT_EQ(found(with_rules(
                "    - {name: a, tools: [x], arguments: {n: {less_than: 3, greater_than: 5}}, action: allow}\n"
                "    - {name: b, tools: [y], arguments: {n: {in: [a, b], prefix: c}}, action: allow}\n"
                "    - {name: c, tools: [z], arguments: {n: {equals: a, at_most: 3}}, action: allow}\n"
                "    - {name: d, tools: [w], arguments: {n: {greater_than: 3, less_than: 5}}, action: allow}\n")),
            (Found{"6:41 never-matches", "7:41 never-matches", "8:41 never-matches"}));
  EXPECT_EQ(
      found(with_rules("    - {name: a, tools: [x], when: 'args.a == \"x\" && args.a == \"y\"', action: allow}\n")),
      (Found{"6:35 never-matches"}));
  EXPECT_EQ(
      found(with_rules("    - {name: a, tools: [x], when: 'args.a == \"x\" || args.a == \"y\"', action: allow}\n")),
      (Found{}));
}

TEST(Lint, clauses_that_are_constant) {
  EXPECT_EQ(found(with_rules("    - {name: a, tools: [x], when: '1 + 1 == 2 && args.a == 1', action: allow}\n"
                             "    - {name: b, tools: [y], when: 'false', action: allow}\n"
                             "    - {name: c, tools: [z], when: '1 / 0 == 1', action: allow}\n"
                             "    - {name: d, syscalls: [hello], agents: [\"*\"], action: allow}\n")),
            (Found{"6:35 constant", "7:35 never-matches", "8:35 constant", "9:45 constant"}));
}

TEST(Lint, names_that_nothing_has) {
  const auto known = fixture::words({{"search", {}, {}}, {"fetch", {}, {}}});
  const std::string text = policy::fixture::document("p", "    - {name: a, tools: [serch, \"fet*\"], action: allow}\n");
  const auto findings = lint(set_of({text}, known));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].code, "unknown-tool");
  EXPECT_EQ(findings[0].fix, "did you mean \"search\"?");
  EXPECT_EQ(findings[0].mark.column, 25u);
  EXPECT_EQ(found(set_of({text})), (Found{}));  // no list of tools is known
  EXPECT_EQ(found(with_rules("    - {name: a, syscalls: [read], arguments: {pth: {equals: x}}, action: allow}\n")),
            (Found{"6:47 unknown-argument"}));
  EXPECT_EQ(found(with_rules("    - {name: a, syscalls: [read], when: 'args.path in table.used', action: allow}\n",
                             "  tables: {used: [a], unused: [b]}\n  windows: {w: {from: \"08:00\", to: \"09:00\"}}\n"
                             "  sequences: {s: {steps: [{tools: [x]}]}}\n")),
            (Found{"5:23 unused", "6:13 unused", "7:15 unused"}));
}

struct Dodged {
  const char* clause;
  const char* code;  // null: nothing is wrong
};

TEST(Lint, lists_of_texts_that_another_spelling_dodges) {
  const Dodged deny[] = {
      {"arguments: {path: {prefix: /etc}}", "dodge"},
      {"arguments: {file: {equals: /etc/passwd}}", "dodge"},
      {"arguments: {mode: {in: [w, a]}}", nullptr},
      {"when: 'args.url.startsWith(\"http://evil.example\")'", "dodge"},
      {"when: 'args.host == \"evil.example\"'", "dodge"},
      {"when: 'args.host.lowerAscii() == \"evil.example\"'", "dodge"},  // evil.example. is the same host
      {"when: 'args.query.matches(\"(?i)drop\\\\s+table\")'", "dodge"},
      {"when: 'args.command.contains(\"rm -rf\")'", "dodge"},
      {"when: 'args.destination in [\"169.254.169.254\"]'", nullptr},  // of a name that says nothing
      {"when: 'args.address in [\"169.254.169.254\"]'", "dodge"},
      {"when: '!args.path.startsWith(\"/data/\")'", "escape"},
      {"when: 'args.count == \"5\"'", nullptr}};
  for (const Dodged& one : deny) {
    const auto findings =
        lint(with_rules("    - {name: a, tools: [x], action: deny, " + std::string(one.clause) + "}\n"));
    ASSERT_EQ(findings.size(), one.code == nullptr ? 0u : 1u) << one.clause;
    if (one.code != nullptr) EXPECT_EQ(findings[0].code, one.code) << one.clause;
  }
  const Dodged allow[] = {{"arguments: {path: {prefix: /data/}}", "escape"},
                          {"arguments: {path: {in: [/data/a]}}", nullptr},
                          {"when: 'args.url.startsWith(\"https://good.example\")'", "escape"},
                          {"when: 'args.host.endsWith(\"good.example\")'", "escape"},
                          {"when: '!args.command.contains(\"rm \")'", "dodge"},
                          {"when: 'args.path.matches(\"^/data/[a-z]+$\")'", nullptr}};
  for (const Dodged& one : allow) {
    const auto findings =
        lint(with_rules("    - {name: a, tools: [x], action: allow, " + std::string(one.clause) + "}\n"));
    ASSERT_EQ(findings.size(), one.code == nullptr ? 0u : 1u) << one.clause;
    if (one.code != nullptr) EXPECT_EQ(findings[0].code, one.code) << one.clause;
  }
}

TEST(Lint, tells_both_texts_of_a_dodge) {
  const auto findings =
      lint(with_rules("    - {name: a, tools: [x], action: deny, arguments: {path: {prefix: /etc}}}\n"));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].message,
            "prefix of \"path\" compares a path as text: it catches \"/etc\" and not \"//etc\", which is the same");
}

TEST(Spelling, knows_what_an_argument_is_by_its_name) {
  const std::pair<const char*, Subject> cases[] = {
      {"path", Subject::kPath},    {"sourceFile", Subject::kPath},  {"target_dir", Subject::kPath},
      {"URL", Subject::kUrl},      {"callback-url", Subject::kUrl}, {"hostname", Subject::kHost},
      {"cmd", Subject::kCommand},  {"sql", Subject::kSql},          {"name", Subject::kNone},
      {"profile", Subject::kNone}, {"shipping", Subject::kNone}};
  for (const auto& [name, subject] : cases) EXPECT_EQ(subject_of(name, {}), subject) << name;
  EXPECT_EQ(subject_of("x", {"https://a"}), Subject::kUrl);
  EXPECT_EQ(subject_of("x", {"/etc"}), Subject::kPath);
}

}  // namespace
}  // namespace agentos::policy::tools
