// read: octets of a file, by path or by handle.
#include "kernel/syscalls/files.h"
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted read_call(CallContext& context, const abi::ReadRequest& request, abi::ReadReply& reply) {
  const std::int64_t size = request.size.value_or(abi::kReadSizeMax);
  std::lock_guard lock(context.agent().mutex);
  if (request.handle) {
    auto file = TRY(file_of(context, *request.handle));
    reply.data.content = TRY(request.offset ? file->read_at(*request.offset, size) : file->read(size));
    const std::int64_t offset =
        request.offset ? *request.offset + static_cast<std::int64_t>(reply.data.size()) : TRY(file->seek(0, 1));
    reply.end = offset >= file->stat().size;
  } else {
    const vfs::Namespace& files = files_of(context);
    const std::int64_t offset = request.offset.value_or(0);
    reply.data.content = TRY(files.read(context.facts.path, offset, size));
    reply.end = static_cast<std::int64_t>(reply.data.size()) < size ||
                offset + static_cast<std::int64_t>(reply.data.size()) >= TRY(files.stat(context.facts.path)).size;
  }
  context.bytes = static_cast<std::int64_t>(reply.data.size());
  return done();
}

}  // namespace agentos::kernel::syscalls
