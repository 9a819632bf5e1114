// checkpolicy: steps 2 to 7 of another call, without making it; the verdict is the one the call would get.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted checkpolicy_call(CallContext& context, const abi::CheckpolicyRequest& request, abi::CheckpolicyReply& reply) {
  const abi::Row* row = abi::find_row(std::string_view(request.call));
  if (row == nullptr)
    return fail(abi::error::invalid_argument, "there is no call \"" + request.call + "\"",
                "agentos syscalls lists them");
  auto preview = TRY(context.monitor.preview(context.caller.agent, *row, request.arguments, nullptr));
  reply = {.allowed = preview.allowed,
           .verdict = std::move(preview.verdict),
           .rule = std::move(preview.rule),
           .reason = std::move(preview.reason),
           .epoch = static_cast<std::int64_t>(preview.epoch)};
  return done();
}

}  // namespace agentos::kernel::syscalls
