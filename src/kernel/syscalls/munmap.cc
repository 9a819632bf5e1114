// munmap: gives up a region; it goes with its last holder.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted munmap_call(CallContext& context, const abi::MunmapRequest& request, abi::MunmapReply&) {
  TRY(context.monitor.regions.leave(context.agent().id, request.region));
  std::lock_guard lock(context.agent().mutex);
  std::erase(context.agent().regions, request.region);
  return done();
}

}  // namespace agentos::kernel::syscalls
