// close: gives a handle's number back; a pipe's peer sees its end.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted close_call(CallContext& context, const abi::CloseRequest& request, abi::CloseReply&) {
  Handle closed;  // destroyed outside the lock: the end of a pipe wakes its readers
  std::lock_guard lock(context.agent().mutex);
  Handle* handle = context.agent().find_handle(request.handle);
  if (handle == nullptr)
    return fail(abi::error::bad_handle, "handle " + std::to_string(request.handle) + " is not open");
  std::swap(closed, *handle);
  return done();
}

}  // namespace agentos::kernel::syscalls
