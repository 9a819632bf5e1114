// Events carry descriptor and generation, so that an event reported for a descriptor that was removed (and perhaps its
// number added anew) in the same batch reaches nobody.
#include "base/io/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <string>

namespace agentos::io {

namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::int64_t kDelayMsMax = 10LL * 365 * 24 * 3600 * 1000;  // ten years; keeps the sum within int64

std::uint64_t tag_of(int fd, std::uint32_t generation) {
  return std::uint64_t{generation} << 32 | static_cast<std::uint32_t>(fd);
}

std::unexpected<Error> not_in_loop(int fd) {
  return fail(ErrorCode::kNotFound, "descriptor " + std::to_string(fd) + " is not in the loop");
}

}  // namespace

Result<std::unique_ptr<Loop>> Loop::make() {
  Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return fail_errno(errno, "cannot make an epoll instance");
  Fd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return fail_errno(errno, "cannot make an eventfd");
  std::unique_ptr<Loop> loop(new Loop(nullptr, std::move(epoll), std::move(wake)));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = tag_of(loop->wake_.get(), 0);
  if (epoll_ctl(loop->epoll_.get(), EPOLL_CTL_ADD, loop->wake_.get(), &event) != 0) {
    return fail_errno(errno, "cannot watch the eventfd");
  }
  return loop;
}

Result<std::unique_ptr<Loop>> Loop::make(const Clock& clock) {
  std::unique_ptr<Loop> plain = TRY(make());
  return std::unique_ptr<Loop>(new Loop(&clock, std::move(plain->epoll_), std::move(plain->wake_)));
}

Loop::Loop(const Clock* clock, Fd epoll, Fd wake)
    : clock_(clock == nullptr ? real_clock_ : *clock), epoll_(std::move(epoll)), wake_(std::move(wake)) {}

Status Loop::add(int fd, std::uint32_t epoll_events, Ready on_ready) {
  if (watches_.contains(fd)) {
    return fail(ErrorCode::kAlreadyExists, "descriptor " + std::to_string(fd) + " is in the loop already");
  }
  const std::uint32_t generation = next_generation_;
  next_generation_ = next_generation_ == UINT32_MAX ? 1 : next_generation_ + 1;  // 0 is the wake-up's
  epoll_event event{};
  event.events = epoll_events;
  event.data.u64 = tag_of(fd, generation);
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return fail_errno(errno, "cannot watch descriptor " + std::to_string(fd));
  }
  watches_.emplace(fd, std::make_shared<Watch>(Watch{generation, std::move(on_ready)}));
  return {};
}

Status Loop::modify(int fd, std::uint32_t epoll_events) {
  const auto found = watches_.find(fd);
  if (found == watches_.end()) return not_in_loop(fd);
  epoll_event event{};
  event.events = epoll_events;
  event.data.u64 = tag_of(fd, found->second->generation);
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) != 0) {
    return fail_errno(errno, "cannot watch descriptor " + std::to_string(fd));
  }
  return {};
}

Status Loop::remove(int fd) {
  if (watches_.erase(fd) == 0) return not_in_loop(fd);
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr) != 0) {
    return fail_errno(errno, "cannot stop watching descriptor " + std::to_string(fd));
  }
  return {};
}

Loop::TimerId Loop::after_ms(std::int64_t ms, Work work) {
  const TimerId id = next_timer_++;
  const std::int64_t due_ns = clock_.monotonic_ns() + std::clamp<std::int64_t>(ms, 0, kDelayMsMax) * kNsPerMs;
  timers_.emplace(std::pair(due_ns, id), std::move(work));
  due_ns_.emplace(id, due_ns);
  return id;
}

bool Loop::cancel(TimerId id) {
  const auto found = due_ns_.find(id);
  if (found == due_ns_.end()) return false;
  const auto timer = timers_.extract({found->second, id});  // destroyed last, as its work may own anything
  due_ns_.erase(found);
  return !timer.empty();
}

void Loop::post(Work work) {
  bool first = false;
  {
    const std::lock_guard lock(posted_mutex_);
    first = posted_.empty();
    posted_.push_back(std::move(work));
  }
  if (first) wake();
}

void Loop::stop() {
  stopping_.store(true);
  wake();
}

// A full eventfd counter (EAGAIN) is as good as a written one.
void Loop::wake() {
  const std::uint64_t one = 1;
  while (::write(wake_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
}

int Loop::wait_ms(int timeout_ms) const {
  if (timers_.empty()) return timeout_ms;
  const std::int64_t left_ns = timers_.begin()->first.first - clock_.monotonic_ns();
  if (left_ns <= 0) return 0;
  const std::int64_t left_ms = std::min<std::int64_t>((left_ns + kNsPerMs - 1) / kNsPerMs, INT_MAX);
  return timeout_ms < 0 ? static_cast<int>(left_ms) : std::min(timeout_ms, static_cast<int>(left_ms));
}

// Only timers set before this round, so that a timer that sets itself anew at 0 ms cannot keep the loop.
void Loop::run_due_timers() {
  const std::int64_t now_ns = clock_.monotonic_ns();
  const TimerId later = next_timer_;
  auto at = timers_.begin();
  while (at != timers_.end() && at->first.first <= now_ns) {
    if (at->first.second >= later) {
      ++at;
      continue;
    }
    const auto timer = timers_.extract(at);
    due_ns_.erase(timer.key().second);
    timer.mapped()();
    at = timers_.begin();
  }
}

void Loop::run_posted() {
  std::vector<Work> batch;
  {
    const std::lock_guard lock(posted_mutex_);
    batch.swap(posted_);
  }
  for (Work& work : batch) {
    work();
    work = nullptr;  // what it holds ends here, in order
  }
}

Status Loop::run_once(int timeout_ms) {
  std::array<epoll_event, kEventsPerWait> events;
  const int ready = epoll_wait(epoll_.get(), events.data(), kEventsPerWait, wait_ms(timeout_ms));
  if (ready < 0 && errno != EINTR) return fail_errno(errno, "epoll_wait");
  for (int i = 0; i < ready; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    const auto fd = static_cast<int>(event.data.u64 & 0xFFFFFFFFU);
    const auto generation = static_cast<std::uint32_t>(event.data.u64 >> 32);
    if (generation == 0) {
      std::uint64_t count = 0;
      while (::read(wake_.get(), &count, sizeof count) < 0 && errno == EINTR) {
      }
      continue;
    }
    const auto found = watches_.find(fd);
    if (found == watches_.end() || found->second->generation != generation) continue;
    const std::shared_ptr<Watch> watch = found->second;  // lives through its own removal
    watch->on_ready(event.events);
  }
  run_due_timers();
  run_posted();
  return {};
}

Status Loop::run() {
  while (!stopping_.exchange(false)) TRY(run_once(-1));
  return {};
}

}  // namespace agentos::io
