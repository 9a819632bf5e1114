// write: a whole file by path, at an offset, at the end, or through a handle.
#include "kernel/syscalls/files.h"
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted write_call(CallContext& context, const abi::WriteRequest& request, abi::WriteReply& reply) {
  if (request.append && (request.offset || request.handle)) {
    return fail(abi::error::invalid_argument, "\"append\" goes with \"path\" alone",
                "open with mode a to append through a handle");
  }
  std::lock_guard lock(context.agent().mutex);
  if (request.handle) {
    auto file = TRY(file_of(context, *request.handle));
    reply.size =
        TRY(request.offset ? file->write_at(*request.offset, request.data.view()) : file->write(request.data.view()));
  } else {
    vfs::Namespace& files = files_of(context);
    const std::string_view path = context.facts.path;
    reply.size = TRY(request.append   ? files.append(path, request.data.view())
                     : request.offset ? files.write_at(path, *request.offset, request.data.view())
                                      : files.write(path, request.data.view()));
  }
  return done();
}

}  // namespace agentos::kernel::syscalls
