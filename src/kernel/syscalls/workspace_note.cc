// workspace_note: the operator's program works on the folders; the record of it is the kernel's.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted workspace_note_call(CallContext& context, const abi::WorkspaceNoteRequest& request, abi::WorkspaceNoteReply&) {
  json::Object detail{{"workspace", request.workspace}, {"act", request.act},
                      {"step", request.step},           {"original", request.original},
                      {"changes", request.changes},     {"by", static_cast<std::int64_t>(context.caller.operator_uid)}};
  if (!request.digest.empty()) detail["digest"] = request.digest;
  if (!request.reason.empty()) detail["reason"] = request.reason;
  TRY(context.monitor.record_event("workspace", nullptr, detail));
  return done();
}

}  // namespace agentos::kernel::syscalls
