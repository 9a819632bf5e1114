// Names of states and the handle table.
#include "kernel/agent.h"

namespace agentos::kernel {

std::string_view name_of(AgentState state) {
  static constexpr std::string_view kNames[] = {"starting", "running", "stopped", "ending", "ended"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string_view name_of(AgentKind kind) {
  static constexpr std::string_view kNames[] = {"process", "context", "in-process"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::int64_t Agent::add_handle(Handle handle) {
  if (handles.empty()) handles.resize(1);
  for (std::size_t number = 1; number < handles.size(); ++number) {
    if (std::holds_alternative<std::monostate>(handles[number].what)) {
      handles[number] = std::move(handle);
      return static_cast<std::int64_t>(number);
    }
  }
  if (handles.size() > kHandlesMax) return -1;
  handles.push_back(std::move(handle));
  return static_cast<std::int64_t>(handles.size() - 1);
}

Handle* Agent::find_handle(std::int64_t number) {
  if (number < 1 || number >= static_cast<std::int64_t>(handles.size())) return nullptr;
  Handle& handle = handles[static_cast<std::size_t>(number)];
  return std::holds_alternative<std::monostate>(handle.what) ? nullptr : &handle;
}

vfs::Namespace& Agent::ensure_files(vfs::Limits limits, const Clock& clock) {
  if (files == nullptr) {
    limits.pool = &family->memory();
    files = vfs::Namespace::make(limits, clock);
  }
  return *files;
}

ipc::Queue& Agent::ensure_mailbox() {
  if (mailbox == nullptr) {
    mailbox = std::make_shared<ipc::Queue>(ipc::Limits{.pool = &family->memory()});
    mailbox->add_reader();
    mailbox->add_writer();  // the kernel itself, so that an empty mailbox waits instead of ending
  }
  return *mailbox;
}

}  // namespace agentos::kernel
