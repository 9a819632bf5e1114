// The index keeps rules that cannot match away from a request, keeps the order, and forgets none; and deciding
// allocates nothing.
#include "lib/policy/index.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "lib/policy/engine.h"
#include "lib/policy/fixture.h"

namespace {
std::atomic<std::size_t> allocations = 0;
}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace agentos::policy {
namespace {

using fixture::Asked;

constexpr int kRules = 1'000;

Document read(const std::string& rules) {
  PastSpecs past;
  auto document = read_document(
      {fixture::document("p", rules), "p.yaml"}, fixture::vocabulary(), [](std::string_view) { return std::nullopt; },
      past);
  EXPECT_TRUE(document) << document.error().message;
  return document ? std::move(*document) : Document{};
}

// `pattern` is a rule's clauses with {} for its number.
std::vector<std::uint32_t> candidates(const char* pattern, const Asked& asked, const char* last = "") {
  std::string text;
  for (int i = 0; i < kRules; ++i) {
    text += fmt::format("    - {{name: r{}, action: allow, {}}}\n", i, fmt::format(fmt::runtime(pattern), i));
  }
  Document document = read(text + last);
  std::vector<Rule> rules = std::move(document.rules);
  CandidateIndex index;
  index.build(rules, {&document.agents});
  const Request request = asked.request();
  Candidates found(index, request);
  std::vector<std::uint32_t> positions;
  for (std::uint32_t at = found.next(0); at != Candidates::kEnd; at = found.next(at + 1)) positions.push_back(at);
  return positions;
}
using Positions = std::vector<std::uint32_t>;

TEST(CandidateIndex, picks_rules_by_their_most_selective_literal) {
  EXPECT_EQ(candidates("syscalls: [exec], tools: [t{}]", {.call = "exec", .tool = "t7"}), Positions({7}));
  EXPECT_EQ(candidates("syscalls: [exec], tools: [\"t{}_*\"]", {.call = "exec", .tool = "t7_x"}), Positions({7}));
  EXPECT_EQ(candidates("syscalls: [read], paths: [\"/m/p{}/**\"]", {.path = "/m/p7/a/b"}), Positions({7}));
  EXPECT_EQ(candidates("syscalls: [read], paths: [\"/m/p{}/*.txt\"]", {.path = "/m/p7/a.txt"}), Positions({7}));
  EXPECT_EQ(candidates("syscalls: [\"*\"], agents: [a{}]", {.name = "a7"}), Positions({7}));
  EXPECT_EQ(candidates("syscalls: [read], agents: [\"a{}-*\"]", {.agent = "a7-1"}), Positions({7}));
}

TEST(CandidateIndex, picks_rules_on_one_tool_by_an_arguments_value) {
  Asked asked{.call = "exec", .tool = "pay"};
  asked.arguments.values["to"] = "account7";
  const char* rule = "syscalls: [exec], tools: [pay], arguments: {{to: {{equals: account{}}}}}";
  EXPECT_EQ(candidates(rule, asked), Positions({7}));
  asked.arguments.values["to"] = std::int64_t{7};
  EXPECT_EQ(candidates(rule, asked).size(), static_cast<std::size_t>(kRules)) << "another type is every rule's error";
  asked.tool = "other";
  EXPECT_EQ(candidates(rule, asked), Positions());
  asked.arguments.values.clear();
  asked.tool = "pay";
  EXPECT_EQ(candidates(rule, asked), Positions());
}

TEST(CandidateIndex, merges_runs_in_order_each_rule_once) {
  // The last two rules hang on several of the request's folders at once.
  EXPECT_EQ(
      candidates("syscalls: [read], paths: [\"/m/p{}/**\"]", {.path = "/m/p7/x"},
                 "    - {name: y, action: allow, syscalls: [read], paths: [\"/m/p7/**\", \"/m/p7/x\", \"/m/**\"]}\n"
                 "    - {name: z, action: allow, syscalls: [\"*\"]}\n"),
      Positions({7, 1000, 1001}));
}

TEST(CandidateIndex, a_path_deeper_than_any_pattern_is_bounded) {
  std::string deep;
  for (int i = 0; i < 2'000; ++i) deep += "/p";
  EXPECT_EQ(candidates("syscalls: [read], paths: [\"/p/p/p{}\", \"/p/**\"]", {.path = deep}).size(),
            static_cast<std::size_t>(kRules));
}

TEST(Program, deciding_allocates_nothing) {
  auto program = fixture::compile(
      {std::string(preset("agent-default")),
       fixture::document(
           "more",
           "    - {name: a, syscalls: [exec], tools: [\"g*_x\"], arguments: {s: {in: [a, b]}}, action: ask}\n"
           "    - {name: b, syscalls: [\"*\"], paths: [\"/**/q/*z*/**\"], action: deny}\n"),
       fixture::document("trial", "    - {name: d, syscalls: [read], action: deny}\n", "  mode: observe\n")});
  ASSERT_TRUE(program) << program.error().message;
  std::vector<Asked> asked;
  for (const char* call : {"read", "write", "exec", "signal", "rename", "nonsense"}) {
    Asked one{.call = call, .tool = "git_push_x", .path = "/mem/a/q/zz/b", .path_to = "/policy/x", .target = "demo-1"};
    asked.push_back(one);
    one.arguments.values["s"] = "a";
    asked.push_back(one);
    one.arguments.values["s"] = std::int64_t{1};
    asked.push_back(one);
  }
  for (const Asked& one : asked) {
    const Request request = one.request();
    const std::size_t before = allocations;
    const Decision decision = (*program)->decide(request);
    EXPECT_EQ(allocations, before) << decision.reason;
  }
}

TEST(Program, deciding_on_canonical_forms_allocates_nothing_once_it_is_warm) {
  auto program = fixture::compile({fixture::document(
      "forms",
      "    - {name: a, tools: [t], arguments: {u: {host: [\"*.example.com\"], url_path: [\"/v1/**\"]}}, action: ask}\n"
      "    - {name: b, tools: [t], arguments: {h: {host: [10.0.0.0/8]}, p: {under: /project}}, action: ask}\n"
      "    - {name: c, tools: [t], arguments: {c: {programs: [git], redirects_to: [\"/project/**\"]}}, action: allow}\n"
      "    - {name: d, tools: [t], arguments: {c: {text_hazards: [tags]}}, action: deny}\n")});
  ASSERT_TRUE(program) << program.error().message;
  Asked asked{.call = "exec", .tool = "t"};
  asked.arguments.values["u"] = "https://user@API.example.com:443/v1/%61/b?q";
  asked.arguments.values["h"] = "0x0a.1";
  asked.arguments.values["p"] = "/project//src/../a";
  asked.arguments.values["c"] = "env X=1 git log --oneline | git 'x y' > /project/log";
  const Request request = asked.request();
  for (int i = 0; i < 3; ++i) (*program)->decide(request);
  const std::size_t before = allocations;
  const Decision decision = (*program)->decide(request);
  EXPECT_EQ(allocations, before) << decision.reason << decision.failure;
}

}  // namespace
}  // namespace agentos::policy
