// A call that waits for a queue: tried again each time the queue is ready, until it is done or the call ended
// otherwise.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "kernel/call_context.h"
#include "kernel/monitor.h"
#include "lib/ipc/pipe.h"

namespace agentos::kernel::syscalls {

enum class Until : std::uint8_t { kReadable, kWritable };

class QueueWait : public std::enable_shared_from_this<QueueWait> {
 public:
  // `attempt` is called while the context is alive; nullopt means "would still block".
  using Attempt = std::function<std::optional<Status>(CallContext&)>;
  // The context may be gone when this returns.
  static void start(CallContext& context, std::shared_ptr<ipc::Queue> queue, Until until,
                    std::optional<std::int64_t> timeout_ms, const char* timeout_text, Attempt attempt);

 private:
  void run();
  void arm();

  std::shared_ptr<Parked> parked_;
  std::shared_ptr<ipc::Queue> queue_;
  Until until_ = Until::kReadable;
  Attempt attempt_;
  std::mutex mutex_;
  std::uint64_t waiter_ = 0;  // guarded by mutex_
};

}  // namespace agentos::kernel::syscalls
