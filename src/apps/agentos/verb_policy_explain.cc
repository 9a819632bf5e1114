// agentos policy explain: why a call is decided as it is, by a running kernel for one of its agents, or by documents
// alone.
#include <fmt/format.h>

#include "apps/agentos/explanation.h"
#include "apps/agentos/policy_input.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "lib/policy/tools/smallest_change.h"

namespace agentos::cli {
namespace {

int exit_code_of_word(std::string_view verdict) {
  return verdict == "allow" ? kExitOk : verdict == "ask" ? kExitAsk : kExitDenied;
}

Result<int> explain_by_documents(const Globals& globals, const PolicyOptions& options) {
  const policy::tools::PolicySet set = TRY(policy_set_of(globals, options, options.policies));
  const json::Value stated = TRY(stated_request(options));
  const auto why = policy::tools::explain(set, stated);
  if (!why) return invalid(why.error());
  if (globals.format == Format::kJson) {
    print_json(*why);
  } else {
    print(explanation_text(*why, screen_of(1), ""));
  }
  return exit_code_of_word(why->string_or("verdict", ""));
}

// Who the agent is and what it asks, as a request of people says it. Not what its run did before.
json::Value stated_for(const json::Value& agent, const abi::ExplainRequest& asked) {
  json::Object stated;
  for (const char* key : {"agent", "name", "parent", "ring", "labels", "chain", "flow"}) {
    if (const json::Value* value = agent.find(key)) stated[key] = *value;
  }
  stated["call"] = asked.call;
  const bool is_tool = asked.call == "exec";
  if (is_tool) stated["tool"] = asked.arguments.string_or("tool", "");
  const json::Value* arguments = is_tool ? asked.arguments.find("arguments") : &asked.arguments;
  stated["args"] = arguments == nullptr ? json::Value(json::Object{}) : *arguments;
  return stated;
}

// The smallest change, by the documents in force; null when they alone do not decide as the kernel does.
Result<json::Value> smallest_change_of(const Globals& globals, const PolicyOptions& options, Reached& reached,
                                       const abi::ExplainRequest& asked, const json::Value& why) {
  const abi::InspectReply agent = TRY(reached.client->call(abi::InspectRequest{.agent = asked.agent}));
  const abi::PolicyShowReply shown =
      TRY(reached.client->call(abi::PolicyShowRequest{.agent = asked.agent, .documents = true}));
  std::vector<policy::Source> sources;
  for (const abi::Document& document : shown.documents) sources.push_back({document.text, document.file});
  PolicyOptions with_tools = options;
  with_tools.tools_of_kernel = true;
  auto vocabulary = std::make_shared<const policy::Vocabulary>(TRY(vocabulary_of(globals, with_tools)));
  const policy::tools::PolicySet set =
      TRY(policy::tools::compile_set(std::move(sources), std::move(vocabulary), sql_parser()));
  const json::Value by_documents = TRY(policy::tools::explain(set, stated_for(agent.agent, asked)));
  for (const char* key : {"verdict", "rule"}) {
    if (by_documents.string_or(key, "") != why.string_or(key, "")) return json::Value(nullptr);
  }
  const json::Value* change = by_documents.find("smallest_change");
  return change == nullptr ? json::Value(nullptr) : *change;
}

Result<int> explain_by_kernel(const Globals& globals, const PolicyOptions& options) {
  if (options.agent.empty() || options.call.empty()) {
    return fail(ErrorCode::kInvalidArgument, "it needs an agent and a call, or --policy",
                "agentos policy explain demo-1 write '{\"path\":\"/state/a\"}'");
  }
  auto arguments = json::parse(options.arguments.empty() ? "{}" : options.arguments);
  if (!arguments || !arguments->is_object()) {
    return fail(ErrorCode::kInvalidArgument, "the arguments must be a JSON object",
                "agentos policy explain AGENT write '{\"path\":\"/state/a\"}'");
  }
  Reached reached = TRY(reach_kernel(globals, Start::kWhenAbsent));
  abi::ExplainRequest request;
  request.agent = options.agent;
  request.call = options.call;
  request.arguments = std::move(*arguments);
  json::Value why = TRY(reached.client->call(request)).explanation;
  if (auto change = smallest_change_of(globals, options, reached, request, why); change && !change->is_null()) {
    why.as_object()["smallest_change"] = std::move(*change);
  } else {
    why.as_object()["no_smallest_change"] = change
                                                ? "not by changing this call, this agent or a document alone: rights, "
                                                  "budgets or what the run did before decide it too"
                                                : change.error().message;
  }
  const std::string_view verdict = why.string_or("verdict", "");
  if (globals.format == Format::kJson) {
    print_json(why);
    return exit_code_of_word(verdict);
  }
  const Screen screen = screen_of(1);
  print(fmt::format("{} {} for {}\n", styled(screen, style_of_verdict(verdict), printable(verdict)),
                    printable(options.call), printable(why.string_or("agent", ""))));
  // What policy says of it, when it was policy that decided.
  json::Value shown = why.find("policy") != nullptr && why.find("policy")->is_object() ? *why.find("policy") : why;
  if (const json::Value* change = why.find("smallest_change")) shown.as_object()["smallest_change"] = *change;
  print(explanation_text(shown, screen, ""));
  if (const json::Value* none = why.find("no_smallest_change")) {
    print(fmt::format("smallest change: {}\n", printable(none->as_string())));
  }
  return exit_code_of_word(verdict);
}

}  // namespace

Result<int> verb_policy_explain(const Globals& globals, const PolicyOptions& options) {
  return options.policies.empty() ? explain_by_kernel(globals, options) : explain_by_documents(globals, options);
}

}  // namespace agentos::cli
