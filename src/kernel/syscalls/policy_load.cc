// policy_load: a new set for the kernel, or the old one stays and the error says why.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted policy_load_call(CallContext& context, const abi::PolicyLoadRequest& request, abi::PolicyLoadReply& reply) {
  Monitor& monitor = context.monitor;
  std::vector<policy::Source> sources;
  for (const abi::Document& document : request.documents) sources.push_back({document.text, document.file});
  const auto bundles = monitor.load_policy(std::move(sources));
  if (!bundles) return fail(abi::error::invalid_policy, bundles.error().message, bundles.error().hint);
  reply.epoch = static_cast<std::int64_t>(monitor.policy.epoch());
  reply.documents = TRY(monitor.policy.in_force_for(nullptr))->program->summary();
  json::Object detail;
  detail["epoch"] = reply.epoch;
  detail["documents"] = reply.documents;
  if (!bundles->empty()) detail["bundles"] = PolicyBundles::to_json(*bundles);
  TRY(monitor.record_event("policy", nullptr, detail));
  return done();
}

}  // namespace agentos::kernel::syscalls
