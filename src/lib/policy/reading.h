// What the readers of one document share: where it comes from, its words, and what it has declared so far.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/policy/attributes.h"
#include "lib/policy/document.h"
#include "lib/policy/expression.h"
#include "lib/policy/node_reader.h"

namespace agentos::policy {

struct Reading {
  Reading(const Source& source_in, const Vocabulary& vocabulary_in, Complaints& complaints_in, PastSpecs& past_in)
      : source(source_in),
        vocabulary(vocabulary_in),
        complaints(complaints_in),
        past(past_in),
        read(complaints_in),
        tables(std::make_shared<json::Value>(json::Object{})) {
    for (const auto& call : vocabulary.calls) call_names.push_back(call.name);
  }

  std::string place_of(yaml::Mark mark) const;  // "file:line:column"
  // The expression in a node; null after complaints, which name the place inside of it.
  std::shared_ptr<const Expression> expression(const yaml::Node& node, std::string_view what, Attributes attributes,
                                               Wanted wanted = Wanted::kCondition);

  const Source& source;
  const Vocabulary& vocabulary;
  Complaints& complaints;
  PastSpecs& past;
  NodeReader read;
  std::vector<std::string_view> call_names;
  std::shared_ptr<json::Value> tables;        // an object
  const json::Object* tables_over = nullptr;  // of the document that extends this one, put over its own
  std::map<std::string, std::shared_ptr<const Window>, std::less<>> windows;
  std::map<std::string, std::uint32_t, std::less<>> sequences;  // index in past.sequences
  std::string policy;                                           // metadata.name
};

// Reads the clauses of `node`; complains about "syscalls" left out unless tools say exec.
void read_selector(Reading& reading, const yaml::Node& node, Phase phase, std::string_view owner, Selector& selector);
Agents read_agents(Reading& reading, const yaml::Node& node);

// spec.tables, spec.windows, spec.sequences, spec.limits, in this order.
void read_tables(Reading& reading, const yaml::Node& node);
void read_windows(Reading& reading, const yaml::Node& node);
void read_sequences(Reading& reading, const yaml::Node& node);
// Appends to reading.past and gives the rules that apply while a limit is used up.
std::vector<Rule> read_limits(Reading& reading, const yaml::Node& node);

void read_rules(Reading& reading, const yaml::Node& rules, std::vector<Rule>& out);
// The action's obligations, "ask" and sentences, which rules and limits share. rule.id and rule.place are set.
void read_answer(Reading& reading, const yaml::Node& node, Rule& rule);

}  // namespace agentos::policy
