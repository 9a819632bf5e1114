// For tests of the tools: sets compiled from texts with the table's calls, and requests as JSON texts.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "lib/policy/fixture.h"
#include "lib/policy/tools/set.h"

namespace agentos::policy::tools::fixture {

inline std::shared_ptr<const Vocabulary> words(std::vector<Vocabulary::Tool> known = {}) {
  auto made = std::make_shared<Vocabulary>(table_vocabulary());
  made->tools = std::move(known);
  made->all_tools = !made->tools.empty();
  return made;
}

inline PolicySet set_of(const std::vector<std::string>& texts, std::shared_ptr<const Vocabulary> vocabulary = words()) {
  std::vector<Source> sources;
  for (const std::string& text : texts) sources.push_back({text, "p" + std::to_string(sources.size()) + ".yaml"});
  auto set = compile_set(std::move(sources), std::move(vocabulary));
  EXPECT_TRUE(set) << set.error().message;
  return set ? std::move(*set) : PolicySet{};
}

// A set of one document "p" around rules, each line of which is indented by four.
inline PolicySet with_rules(const std::string& rules, const std::string& spec = {}) {
  return set_of({policy::fixture::document("p", rules, spec)});
}

inline json::Value parsed(std::string_view text) {
  auto value = json::parse(text);
  EXPECT_TRUE(value) << text;
  return value ? std::move(*value) : json::Value();
}

inline std::string decided(const PolicySet& set, const json::Value& stated) {
  const auto request = set.read(stated);
  if (!request) return request.error().message;
  const Decision decision = set.program->decide((*request)->request());
  return std::string(verdict_name(decision.verdict)) + " " + std::string(decision.rule);
}
inline std::string decided(const PolicySet& set, const char* text) { return decided(set, parsed(text)); }

}  // namespace agentos::policy::tools::fixture
