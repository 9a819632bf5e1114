// For tests of the language: documents compiled against the table's types and a tool with a schema, a past that is what
// a test says, and decisions as "verdict rule".
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "lib/policy/fixture.h"

namespace agentos::policy::language {

using fixture::Asked;
using fixture::document;

inline Vocabulary typed_vocabulary() {
  Vocabulary words = fixture::vocabulary();
  for (Vocabulary::Call& call : words.calls) {
    const Vocabulary table = table_vocabulary();
    for (const Vocabulary::Call& row : table.calls) {
      if (row.name == call.name) call = row;
    }
  }
  auto schema = json::parse(
      R"({"type": "object", "additionalProperties": false, "required": ["to", "amount"], "properties": {
          "to": {"type": "string"}, "amount": {"type": "integer"}, "rate": {"type": "number"},
          "options": {"type": "object", "additionalProperties": false, "properties": {"urgent": {"type": "boolean"}}}}})");
  words.tools.push_back({"pay", std::move(*schema), {}});
  return words;
}

inline Result<std::shared_ptr<const Program>> compile(const std::vector<std::string>& texts) {
  static const Vocabulary words = typed_vocabulary();
  std::vector<Source> sources;
  for (const std::string& text : texts) sources.push_back({text, "p" + std::to_string(sources.size()) + ".yaml"});
  return Program::compile(sources, words, 7);
}
inline std::shared_ptr<const Program> program_of(const std::vector<std::string>& texts) {
  auto program = compile(texts);
  EXPECT_TRUE(program) << program.error().message << " | " << program.error().hint;
  return program ? *program : Program::none(fixture::vocabulary(), 0);
}
inline std::shared_ptr<const Program> with_rules(const std::string& rules, const std::string& spec = {}) {
  return program_of({document("p", rules, spec)});
}
inline Error refusal(const std::string& rules, const std::string& spec = {}) {
  auto program = compile({document("p", rules, spec)});
  if (program) return {ErrorCode::kInternal, "accepted", ""};
  return program.error();
}

struct FakePast final : Past {
  std::set<std::uint32_t> used_up;
  std::set<std::uint32_t> sequences;
  std::map<std::string, std::int64_t, std::less<>> counts;
  mutable std::vector<std::string> subjects;
  bool limit_allows(std::uint32_t limit, std::string_view subject) const override {
    subjects.emplace_back(subject);
    return !used_up.contains(limit);
  }
  bool happened(std::uint32_t sequence) const override { return sequences.contains(sequence); }
  std::int64_t count(std::string_view key) const override {
    auto found = counts.find(key);
    return found == counts.end() ? 0 : found->second;
  }
};

inline std::string decide(const std::shared_ptr<const Program>& program, const Request& request) {
  const Decision decision = program->decide(request);
  const char* verdict = decision.verdict == Verdict::kAllow ? "allow"
                        : decision.verdict == Verdict::kAsk ? "ask"
                                                            : "deny";
  return std::string(verdict) + " " + std::string(decision.rule);
}
inline std::string decide(const std::shared_ptr<const Program>& program, const Asked& asked) {
  return decide(program, asked.request());
}
inline Asked paying(std::int64_t amount, const char* to = "shop") {
  Asked asked{.call = "exec", .tool = "pay"};
  asked.arguments.values["amount"] = amount;
  asked.arguments.values["to"] = to;
  return asked;
}

}  // namespace agentos::policy::language
