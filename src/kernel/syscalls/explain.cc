// explain: the same as checkpolicy, as an operator, with every clause.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted explain_call(CallContext& context, const abi::ExplainRequest& request, abi::ExplainReply& reply) {
  const abi::Row* row = abi::find_row(std::string_view(request.call));
  if (row == nullptr)
    return fail(abi::error::invalid_argument, "there is no call \"" + request.call + "\"",
                "agentos syscalls lists them");
  auto agent = TRY(context.monitor.agents.find_one(request.agent));
  const json::Value wanted;
  auto preview = TRY(context.monitor.preview(agent, *row, request.arguments, &wanted));
  json::Object out;
  out["agent"] = agent->id;
  out["allowed"] = preview.allowed;
  out["verdict"] = preview.verdict;
  out["rule"] = preview.rule;
  out["reason"] = preview.reason;
  out["epoch"] = static_cast<std::int64_t>(preview.epoch);
  out["policy"] = std::move(preview.explanation);
  reply.explanation = std::move(out);
  return done();
}

}  // namespace agentos::kernel::syscalls
