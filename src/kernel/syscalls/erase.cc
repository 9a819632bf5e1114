// erase: content of recorded entries goes for good. The recorder does it on a thread of its own.
#include <set>

#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted erase_call(CallContext& context, const abi::EraseRequest& request, abi::EraseReply&) {
  if (request.entries.empty()) return fail(abi::error::invalid_argument, "field \"entries\" must name at least one");
  std::set<recorder::Index> entries;
  json::Array indexes;
  for (const std::int64_t entry : request.entries) {
    entries.insert(static_cast<recorder::Index>(entry));
    indexes.emplace_back(entry);
  }
  // The log says who lost content, and why, before it is lost.
  json::Object detail;
  detail["entries"] = std::move(indexes);
  detail["reason"] = request.reason;
  TRY(context.monitor.record_event("erased", nullptr, detail));
  auto parked = context.park();
  context.monitor.recorder->erase(std::move(entries), [parked](Result<recorder::Redacted> done) {
    parked->finish([&](CallContext& alive) -> Status {
      if (!done) return std::unexpected(done.error());
      auto& reply = *static_cast<abi::EraseReply*>(alive.reply);
      reply.openings = static_cast<std::int64_t>(done->openings);
      reply.without = static_cast<std::int64_t>(done->without);
      reply.blobs = static_cast<std::int64_t>(done->blobs);
      reply.shared = static_cast<std::int64_t>(done->shared);
      reply.shared_by = done->shared_by == recorder::kNoIndex ? -1 : static_cast<std::int64_t>(done->shared_by);
      return {};
    });
  });
  return later();
}

}  // namespace agentos::kernel::syscalls
