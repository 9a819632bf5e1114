// tools: the registered tools; an agent sees only those policy would not deny by name.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted tools_call(CallContext& context, const abi::ToolsRequest&, abi::ToolsReply& reply) {
  const abi::Row& exec = abi::row_of(abi::Call::kExec);
  for (const auto& tool : *tools_of(context)->all()) {
    if (context.caller.agent != nullptr) {
      policy::Request request = policy_request(context);
      const policy::ToolFacts facts = tool_facts(*tool);
      request.phase = policy::Phase::kList;
      request.call = exec.number;
      request.call_name = exec.name;
      request.changes = true;
      request.tool = tool->manifest.name;
      request.tool_facts = &facts;
      request.arguments = nullptr;
      if (context.in_force->program->decide(request).verdict == policy::Verdict::kDeny) continue;
    }
    reply.tools.push_back({.name = tool->manifest.name,
                           .summary = tool->manifest.summary,
                           .runs = std::string(tool::name_of(tool->manifest.runs)),
                           .read_only = tool->manifest.read_only,
                           .input_schema = tool->manifest.input_schema,
                           .digest = tool->manifest.digest,
                           .definition = tool->manifest.definition});
  }
  return done();
}

}  // namespace agentos::kernel::syscalls
