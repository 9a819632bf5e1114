// Arm, try, arm again; what was armed is taken back when the call is finished.
#include "kernel/syscalls/queue_wait.h"

namespace agentos::kernel::syscalls {

void QueueWait::start(CallContext& context, std::shared_ptr<ipc::Queue> queue, Until until,
                      std::optional<std::int64_t> timeout_ms, const char* timeout_text, Attempt attempt) {
  Monitor& monitor = context.monitor;
  auto wait = std::make_shared<QueueWait>();
  wait->queue_ = std::move(queue);
  wait->until_ = until;
  wait->attempt_ = std::move(attempt);
  wait->parked_ = context.park();
  monitor.set_deadline(wait->parked_, timeout_ms, timeout_text, [weak = std::weak_ptr(wait)] {
    auto self = weak.lock();
    if (self == nullptr) return;
    std::lock_guard lock(self->mutex_);
    self->queue_->cancel(self->waiter_);
  });
  wait->arm();
}

void QueueWait::arm() {
  auto ready = [self = shared_from_this()] { self->run(); };
  auto waiter = until_ == Until::kReadable ? queue_->when_readable(ready) : queue_->when_writable(ready);
  if (!waiter) {
    return parked_->finish([&](CallContext&) -> Status { return std::unexpected(waiter.error()); });
  }
  std::lock_guard lock(mutex_);
  waiter_ = *waiter;
}

void QueueWait::run() {
  std::optional<Status> result;
  const auto settled = parked_->take_if([&] {
    result = attempt_(*parked_->context);
    return result.has_value();
  });
  if (settled == Parked::Settled::kNotYet) return arm();
  if (settled == Parked::Settled::kTaken) parked_->context->monitor.resume(*parked_->context, std::move(*result));
}

}  // namespace agentos::kernel::syscalls
