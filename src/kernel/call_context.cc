// Parking a call and finishing it exactly once.
#include "kernel/call_context.h"

#include <algorithm>

#include "kernel/monitor.h"

namespace agentos::kernel {

std::shared_ptr<Parked> CallContext::park(std::function<void()> on_cancel) {
  auto parked = std::make_shared<Parked>();
  parked->context = this;
  parked->on_cancel = std::move(on_cancel);
  if (!wire && latch == nullptr) latch = std::make_shared<std::atomic<int>>(0);
  {
    std::lock_guard lock(park_mutex_);
    parked_ = parked;
  }
  if (caller.agent != nullptr) {
    std::lock_guard lock(agent().mutex);
    if (agent().state == AgentState::kEnded) {
      // Its end cancelled what was parked then; this came a moment later.
      monitor.reactor.post([parked] { parked->cancel({abi::error::terminated, "the agent has ended", {}}); });
      return parked;
    }
    auto& all = agent().parked;
    if (all.size() >= 2 * static_cast<std::size_t>(Quota::kConcurrencyDefault)) {
      std::erase_if(all, [](const std::weak_ptr<Parked>& one) { return one.expired(); });
    }
    all.push_back(parked);
  }
  return parked;
}

std::shared_ptr<Parked> CallContext::current_park() {
  std::lock_guard lock(park_mutex_);
  return parked_;
}

void Parked::clean_up() {
  std::function<void()> cleanup;
  {
    std::lock_guard lock(cancel_mutex);
    on_cancel = nullptr;
    cleaned_ = true;
    cleanup = std::exchange(cleanup_, nullptr);
  }
  if (cleanup) cleanup();
}

bool Parked::claim() {
  {
    std::lock_guard lock(settle_mutex_);
    if (std::exchange(finished_, true)) return false;
  }
  clean_up();
  return true;
}

Parked::Settled Parked::take_if(const std::function<bool()>& take) {
  {
    std::lock_guard lock(settle_mutex_);
    if (finished_) return Settled::kAlready;
    if (!take()) return Settled::kNotYet;
    finished_ = true;
  }
  clean_up();
  return Settled::kTaken;
}

void Parked::when_finished(std::function<void()> cleanup) {
  {
    std::lock_guard lock(cancel_mutex);
    if (!cleaned_) {
      cleanup_ = std::move(cleanup);
      return;
    }
  }
  cleanup();
}

void Parked::finish(const std::function<Status(CallContext&)>& fill) {
  if (!claim()) return;
  CallContext& alive = *context;
  Status status = fill(alive);
  alive.monitor.resume(alive, std::move(status));
}

void Parked::cancel(const Error& why) {
  std::function<void()> hook;
  {
    std::lock_guard lock(cancel_mutex);
    hook = std::exchange(on_cancel, nullptr);
  }
  if (hook) hook();
  finish([&](CallContext&) -> Status { return std::unexpected(why); });
}

}  // namespace agentos::kernel
