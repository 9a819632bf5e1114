// What the handlers about files share: the caller's namespace, made at first use, under the agent's lock.
#pragma once

#include <mutex>

#include "kernel/call_context.h"
#include "kernel/monitor.h"
#include "lib/vfs/namespace.h"

namespace agentos::kernel::syscalls {

// Precondition: agent.mutex is held.
inline vfs::Namespace& files_of(CallContext& context) {
  Agent& agent = context.agent();
  return agent.ensure_files(context.monitor.options.files, context.monitor.clock);
}

// Policy decided about the path behind the handle; another call may have closed it and opened something else since.
inline Status check_same(CallContext& context, const Handle& handle, std::int64_t number) {
  if (handle.path == context.facts.path) return {};
  return fail(abi::error::bad_handle, "handle " + std::to_string(number) + " is no longer the one that was asked for");
}

// The open file behind a handle. Precondition: agent.mutex is held.
inline Result<std::shared_ptr<vfs::OpenFile>> file_of(CallContext& context, std::int64_t number) {
  Handle* handle = context.agent().find_handle(number);
  if (handle == nullptr) return fail(abi::error::bad_handle, "handle " + std::to_string(number) + " is not open");
  TRY(check_same(context, *handle, number));
  auto* file = std::get_if<std::shared_ptr<vfs::OpenFile>>(&handle->what);
  if (file == nullptr) {
    return fail(abi::error::bad_handle, "handle " + std::to_string(number) + " is a pipe, not a file",
                "use send and recv");
  }
  return *file;
}

inline abi::StatReply to_reply(vfs::Stat stat) {
  return {.path = std::move(stat.path),
          .kind = stat.kind == vfs::NodeKind::kFile ? "file" : "directory",
          .size = stat.size,
          .created_us = stat.created_us,
          .modified_us = stat.modified_us,
          .read_only = stat.read_only,
          .mount = std::move(stat.mount)};
}

}  // namespace agentos::kernel::syscalls
