// What eval prints of a decision: everything in it that a document has a say in.
#include <fmt/format.h>

#include "lib/policy/expression.h"
#include "lib/policy/redaction.h"
#include "lib/policy/tools/request.h"

namespace agentos::policy::tools {
namespace {

json::Object redaction_json(const RedactionSpec& spec) {
  json::Object object;
  json::Array members;
  for (const std::string& member : spec.members) members.push_back(member);
  if (!members.empty()) object.append("members", std::move(members));
  if (!spec.pattern.empty()) object.append("matching", spec.pattern);
  object.append("with", spec.with);
  return object;
}

}  // namespace

json::Object to_json(const Decision& decision) {
  json::Object object{{"verdict", verdict_name(decision.verdict)},
                      {"rule", decision.rule},
                      {"reason", decision.failure.empty() ? std::string(decision.reason)
                                                          : std::string(decision.reason) + ": " + decision.failure},
                      {"message", decision.message.empty() ? json::Value() : json::Value(decision.message)}};
  json::Array obligations, labels, approvers, redactions;
  json::Object transforms;
  for (std::string_view name : obligation_names(decision.obligations)) obligations.push_back(name);
  object.append("obligations", std::move(obligations));
  for (std::size_t i = 0; i < decision.details_count; ++i) {
    for (const std::string& label : decision.details[i]->labels) labels.push_back(label);
    for (const std::string& approver : decision.details[i]->approvers) approvers.push_back(approver);
    for (const Assignment& assignment : decision.details[i]->transforms) {
      transforms[assignment.member] = assignment.value->text();
    }
    for (const auto& redaction : decision.details[i]->redactions)
      redactions.push_back(redaction_json(redaction->spec()));
  }
  if (!labels.empty()) object.append("labels", std::move(labels));
  if (!transforms.empty()) object.append("transforms", std::move(transforms));
  if (!redactions.empty()) object.append("redactions", std::move(redactions));
  if (decision.verdict == Verdict::kAsk) {
    object.append("ask_timeout_ms", decision.ask_timeout_ms);
    if (!approvers.empty()) object.append("approvers", std::move(approvers));
  }
  return object;
}

}  // namespace agentos::policy::tools
