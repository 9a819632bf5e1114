// agentos policy explain: why a call is decided as it is, by a running kernel for one of its agents, or by documents
// alone.
#include <fmt/format.h>

#include "apps/agentos/explanation.h"
#include "apps/agentos/outline.h"
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
  const abi::ExplainReply reply = TRY(reached.client->call(request));
  const json::Value& why = reply.explanation;
  const std::string_view verdict = why.string_or("verdict", "");
  if (globals.format == Format::kJson) {
    print_json(why);
  } else {
    const Screen screen = screen_of(1);
    print(fmt::format("{} {} for {}\n", styled(screen, style_of_verdict(verdict), printable(verdict)),
                      printable(options.call), printable(why.string_or("agent", ""))));
    print(outline(why));
  }
  return exit_code_of_word(verdict);
}

}  // namespace

Result<int> verb_policy_explain(const Globals& globals, const PolicyOptions& options) {
  return options.policies.empty() ? explain_by_kernel(globals, options) : explain_by_documents(globals, options);
}

}  // namespace agentos::cli
