// exec: runs a registered tool outside the kernel's threads, under a deadline, and answers when it is done.
#include <algorithm>

#include "kernel/mcp_link.h"
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {
namespace {

Status to_status(CallContext& context, tool::ToolResult& result) {
  context.exit_status = result.exit_status;
  context.bytes = result.output_bytes;
  switch (result.status) {
    case tool::ToolResult::Status::kOk:
      return {};
    case tool::ToolResult::Status::kTimedOut:
      return fail(abi::error::timed_out, result.error.empty() ? "the tool passed its deadline" : result.error);
    case tool::ToolResult::Status::kCancelled:
      return fail(abi::error::cancelled, "the tool was cancelled");
    case tool::ToolResult::Status::kFailed:
      break;
  }
  if (!result.value.is_null()) context.denial["rpc"] = std::move(result.value);
  return fail(abi::error::tool_failed, result.error);
}

}  // namespace

Acted exec_call(CallContext& context, const abi::ExecRequest& request, abi::ExecReply&) {
  std::shared_ptr<const tool::Tool> tool = context.facts.tool_entry;
  if (tool == nullptr) {
    return fail(abi::error::tool_not_registered, "no tool \"" + request.tool + "\" is registered",
                "tools lists the ones there are");
  }
  // The result of a task comes by another request, which no rule about results of this tool would see.
  if (request.extra.find("task") != nullptr && context.in_force->program->decides(policy::Phase::kResult)) {
    return fail(abi::error::invalid_argument, "policy reads the results of tools, so a tool is not run as a task",
                "call it without \"task\"");
  }
  tool::Invocation invocation;
  invocation.arguments = request.arguments;
  invocation.timeout_ms = std::min(request.timeout_ms.value_or(tool->manifest.timeout_ms), tool->manifest.timeout_ms);
  invocation.agent = context.agent().id;
  if (context.agent().mcp != nullptr) {
    invocation.extra = request.extra;
    if (request.extra.bool_or("progress", false)) {
      invocation.on_progress = context.agent().mcp->progress_of(tool->manifest.server, context.token);
    }
  }
  // The running call is known only after execute() returned, and cancel may come before that.
  struct Slot {
    std::mutex mutex;
    std::shared_ptr<tool::Running> running;
    bool cancelled = false;
  };
  auto slot = std::make_shared<Slot>();
  auto parked = context.park([slot] {
    std::shared_ptr<tool::Running> running;
    {
      std::lock_guard lock(slot->mutex);
      slot->cancelled = true;
      running = slot->running;
    }
    if (running != nullptr) running->cancel();
  });
  const std::int64_t start_ns = context.monitor.clock.monotonic_ns();
  auto running =
      tool->executor->execute(tool->manifest, std::move(invocation), [parked, start_ns, tool](tool::ToolResult result) {
        parked->finish([&](CallContext& alive) -> Status {
          auto& reply = *static_cast<abi::ExecReply*>(alive.reply);
          reply.duration_us = (alive.monitor.clock.monotonic_ns() - start_ns) / 1000;
          reply.exit_status = result.exit_status;
          TRY(to_status(alive, result));
          if (tool->output != nullptr) {
            if (auto problems = tool->output->validate(result.value, 1); !problems.empty()) {
              return fail(abi::error::tool_failed, "the result does not fit the tool's output schema: " +
                                                       problems[0].instance + " " + problems[0].message);
            }
          }
          reply.result = std::move(result.value);
          return {};
        });
      });
  bool cancelled = false;
  {
    std::lock_guard lock(slot->mutex);
    slot->running = running;
    cancelled = slot->cancelled;
  }
  if (cancelled && running != nullptr) running->cancel();
  return later();
}

}  // namespace agentos::kernel::syscalls
