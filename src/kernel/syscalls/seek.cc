// seek: moves a handle's offset.
#include <unistd.h>

#include "kernel/syscalls/files.h"
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted seek_call(CallContext& context, const abi::SeekRequest& request, abi::SeekReply& reply) {
  const int whence = request.whence == "start" ? SEEK_SET : request.whence == "current" ? SEEK_CUR : SEEK_END;
  std::lock_guard lock(context.agent().mutex);
  auto file = TRY(file_of(context, request.handle));
  reply.offset = TRY(file->seek(request.offset, whence));
  return done();
}

}  // namespace agentos::kernel::syscalls
