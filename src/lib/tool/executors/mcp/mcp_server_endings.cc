// Deadlines, and how a server ends and starts again.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "lib/tool/executors/mcp/mcp_server.h"

namespace agentos::tool {
namespace {

constexpr std::int64_t kSweepMs = 100;
constexpr std::int64_t kEndWaitMs = 500;  // for the rest of its output after its end, or its end after its output

}  // namespace

void McpServer::arm_sweep_locked() {
  if (sweep_armed_) return;
  sweep_armed_ = true;
  const auto weak = weak_from_this();
  host_->loop().post([weak] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    self->host_->loop().after_ms(kSweepMs, [weak] {
      if (const auto alive = weak.lock()) alive->sweep();
    });
  });
}

void McpServer::sweep() {
  Effects effects;
  std::shared_ptr<McpProcess> end;
  {
    const std::lock_guard lock(mutex_);
    sweep_armed_ = false;
    if (stopped_) return;
    const std::int64_t now_ns = host_->clock().monotonic_ns();
    const bool greeting = state_ == State::kStarting && session_.has_value();
    if (greeting && session_->state() == mcp::CallingSession::State::kProbing &&
        now_ns - greeted_ns_ > kProbeMs * kMcpNsPerMs) {
      session_->probe_timed_out(outbox_);
      flush_locked();
    } else if (greeting && now_ns - greeted_ns_ > kHandshakeMs * kMcpNsPerMs) {
      trouble_ = fmt::format("it did not answer the handshake in {} s", kHandshakeMs / 1000);
      end = process_;
    }
    std::vector<std::uint64_t> due;
    for (const auto& [ticket, pending] : pending_) {
      if (pending.deadline_ns <= now_ns) due.push_back(ticket);
    }
    for (const std::uint64_t ticket : due) {
      const Pending& pending = pending_[ticket];
      if (pending.sent != 0 && state_ == State::kReady) session_->cancel(pending.sent, "it took too long", outbox_);
      finish_locked(ticket,
                    failed_with(ErrorCode::kTimedOut,
                                fmt::format("the server \"{}\" did not answer in {} ms", name_, pending.timeout_ms)),
                    effects);
    }
    if (!due.empty()) flush_locked();
    if (!pending_.empty() || greeting) arm_sweep_locked();
  }
  for (const auto& effect : effects) effect();
  if (end != nullptr) end->end();
}

void McpServer::output_closed(std::uint64_t incarnation) {
  Effects effects;
  {
    const std::lock_guard lock(mutex_);
    if (incarnation != incarnation_ || stopped_) return;
    output_closed_ = true;
    if (end_) {
      down_locked(*end_, effects);
    } else {
      // Its end says why; one that lives on without an output is ended.
      const auto weak = weak_from_this();
      host_->loop().after_ms(kEndWaitMs, [weak, incarnation] {
        const auto self = weak.lock();
        if (self == nullptr) return;
        std::shared_ptr<McpProcess> process;
        std::string why = "it closed its standard output";
        {
          const std::lock_guard held(self->mutex_);
          if (self->incarnation_ == incarnation) process = self->process_;
          if (!self->trouble_.empty()) why = self->trouble_;
        }
        if (process != nullptr) process->end();
        self->process_ended(incarnation, why);
      });
    }
  }
  for (const auto& effect : effects) effect();
}

void McpServer::process_ended(std::uint64_t incarnation, std::string why) {
  Effects effects;
  {
    const std::lock_guard lock(mutex_);
    if (incarnation != incarnation_ || stopped_ || end_) return;
    if (!trouble_.empty() && why != trouble_) why = trouble_ + ", and " + why;
    end_ = why;
    if (output_closed_) {
      down_locked(std::move(why), effects);
    } else {
      const auto weak = weak_from_this();
      host_->loop().after_ms(kEndWaitMs, [weak, incarnation] {
        if (const auto self = weak.lock()) self->output_closed(incarnation);
      });
    }
  }
  for (const auto& effect : effects) effect();
}

void McpServer::down_locked(std::string why, Effects& effects) {
  ++incarnation_;  // nothing of this one is heard any more
  if (state_ == State::kRefused) {
    why = trouble_;
  } else {
    state_ = State::kPausing;
  }
  // A legacy server that cannot bear the probe is spared it from now on.
  if (session_ && session_->state() == mcp::CallingSession::State::kProbing) known_ = mcp::CallingSession::Era::kLegacy;
  trouble_ = why;
  process_.reset();
  close_input_locked();
  outbox_.clear();
  sent_ = 0;
  listing_ = false;
  const std::int64_t now_ns = host_->clock().monotonic_ns();
  if (now_ns - up_since_ns_ > kSteadyMs * kMcpNsPerMs) pause_ms_ = kPauseMsMin;
  std::vector<std::uint64_t> lost;
  for (const auto& [ticket, pending] : pending_) {
    if (pending.sent != 0 || state_ == State::kRefused) lost.push_back(ticket);
  }
  for (const std::uint64_t ticket : lost) {
    finish_locked(
        ticket,
        failed_with(
            ErrorCode::kClosed,
            fmt::format("the server \"{}\" ended before it answered: {}; whether it acted is not known", name_, why)),
        effects);
  }
  if (events_.on_down) effects.push_back([this, why] { events_.on_down(why); });
  if (state_ == State::kRefused) return;
  const auto weak = weak_from_this();
  host_->loop().after_ms(pause_ms_, [weak] {
    if (const auto self = weak.lock()) self->restart();
  });
  pause_ms_ = std::min(pause_ms_ * 2, kPauseMsMax);
}

void McpServer::restart() {
  const std::lock_guard lock(mutex_);
  if (stopped_ || state_ != State::kPausing) return;
  if (Status status = spawn_locked(); !status) {
    trouble_ = status.error().message;
    state_ = State::kPausing;
    const auto weak = weak_from_this();
    host_->loop().after_ms(pause_ms_, [weak] {
      if (const auto self = weak.lock()) self->restart();
    });
    pause_ms_ = std::min(pause_ms_ * 2, kPauseMsMax);
  }
}

}  // namespace agentos::tool
