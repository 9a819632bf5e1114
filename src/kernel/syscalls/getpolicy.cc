// getpolicy: the policy in force, as far as it can apply to the caller.
#include <algorithm>

#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {
namespace {

// The documents that are for the caller, without where the operator keeps them.
json::Value documents_of(const policy::Program& program, const json::Value& visible) {
  json::Value summary = program.summary();
  json::Value* documents = summary.as_object().find("documents");
  const json::Value* policies = visible.find("policies");
  if (documents == nullptr || policies == nullptr) return summary;
  json::Array shown;
  for (json::Value& document : documents->as_array()) {
    const bool is_for_caller = std::ranges::any_of(policies->as_array(), [&](const json::Value& policy) {
      return policy.string_or("name", "") == document.string_or("name", "");
    });
    if (!is_for_caller) continue;
    document.as_object().erase("file");
    shown.push_back(std::move(document));
  }
  *documents = std::move(shown);
  return summary;
}

}  // namespace

Acted getpolicy_call(CallContext& context, const abi::GetpolicyRequest&, abi::GetpolicyReply& reply) {
  const policy::Request request = policy_request(context);
  reply.epoch = static_cast<std::int64_t>(context.in_force->program->epoch());
  reply.rules = context.in_force->program->visible_to(request.principal);
  reply.documents = documents_of(*context.in_force->program, reply.rules);
  return done();
}

}  // namespace agentos::kernel::syscalls
