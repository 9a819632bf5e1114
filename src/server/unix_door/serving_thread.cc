// The loop itself: epoll, the queue from other threads, and what is done to one connection at a time.
#include "server/unix_door/serving_thread.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace agentos::unix_door {
namespace {

constexpr std::uint64_t kWakeTag = 0;
constexpr std::uint64_t kListenerTag = 1;
constexpr std::uint64_t kFirstConnection = 2;
constexpr std::size_t kControlDescriptorsMax = 16;  // more than kDescriptorsMax, so that too many are seen and closed
constexpr int kDeadlineStepMs = 20;

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::vector<io::Fd> descriptors_of(msghdr& message) {
  std::vector<io::Fd> out;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(header) + i * sizeof(int), sizeof number);
      out.emplace_back(number);
    }
  }
  return out;
}

// One error line for a peer that is not served; whether it arrives is up to the peer.
void turn_away(int socket, const Error& error) {
  std::string line;
  abi::rpc::write_error(line, {}, error);
  [[maybe_unused]] const ssize_t sent = ::send(socket, line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

ServingThread::ServingThread(DoorOptions options, io::Fd listener, abi::KernelApi& kernel)
    : options_(std::move(options)),
      listener_(std::move(listener)),
      kernel_(kernel),
      buffer_(kReadBytes),
      next_number_(kFirstConnection) {}

ServingThread::~ServingThread() { CHECK(!thread_.joinable()); }

Result<std::shared_ptr<ServingThread>> ServingThread::start(DoorOptions options, io::Fd listener,
                                                            abi::KernelApi& kernel) {
  std::shared_ptr<ServingThread> self(new ServingThread(std::move(options), std::move(listener), kernel));
  TRY(self->prepare());
  self->thread_ = std::thread([raw = self.get()] { raw->run(); });
  return self;
}

Status ServingThread::prepare() {
  epoll_ = io::Fd(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_.valid()) return fail_errno(errno, "cannot make an epoll set");
  wake_ = io::Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_.valid()) return fail_errno(errno, "cannot make an eventfd");
  epoll_event event{.events = EPOLLIN, .data = {.u64 = kWakeTag}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0) return fail_errno(errno, "cannot poll");
  if (listener_.valid()) {
    event.data.u64 = kListenerTag;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listener_.get(), &event) != 0) return fail_errno(errno, "cannot poll");
  }
  return {};
}

void ServingThread::stop() {
  stopping_.store(true);
  run_there([] {});
  if (thread_.joinable()) thread_.join();
}

bool ServingThread::on_serving_thread() const {
  return thread_id_.load(std::memory_order_relaxed) == std::this_thread::get_id();
}

void ServingThread::run_there(std::move_only_function<void()> task) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    first = tasks_.empty();
    tasks_.push_back(std::move(task));
  }
  if (!first) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

void ServingThread::touched(std::uint64_t connection) {
  if (touched_.empty() || touched_.back() != connection) touched_.push_back(connection);
}

void ServingThread::run() {
  thread_id_.store(std::this_thread::get_id());
  std::array<epoll_event, kEventsMax> events;
  for (;;) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsMax, wait_ms());
    for (int i = 0; i < count; ++i) {
      handle(events[static_cast<std::size_t>(i)]);
      serve_touched();
    }
    serve_touched();
    check_deadlines();
    if (stopping_.load() && stop_at_ms_ == 0) end_all();
    if (stop_at_ms_ != 0 && (entries_.empty() || now_ms() >= stop_at_ms_)) break;
  }
  while (!entries_.empty()) drop(entries_.begin()->first);
  std::vector<std::move_only_function<void()>> dropped;  // outside the lock: they own sessions and descriptors
  const std::lock_guard lock(mutex_);
  closed_ = true;
  dropped.swap(tasks_);
}

int ServingThread::wait_ms() const {
  if (!touched_.empty()) return 0;
  if (deadlines_ > 0 || stop_at_ms_ != 0) return kDeadlineStepMs;
  if (accept_again_ms_ != 0) return static_cast<int>(kAcceptPauseMs);
  return -1;
}

void ServingThread::handle(const epoll_event& event) {
  const std::uint64_t number = event.data.u64;  // the kernel's struct is packed: no reference into it
  if (number == kWakeTag) return run_tasks();
  if (number == kListenerTag) return accept_all();
  const auto found = entries_.find(number);
  if (found == entries_.end()) return;  // dropped earlier in this batch
  if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP)) != 0) {
    read(number, found->second, event.events);
  } else {
    touched(number);
  }
}

void ServingThread::run_tasks() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &count, sizeof count);
  std::vector<std::move_only_function<void()>> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(tasks_);
  }
  for (auto& task : tasks) task();
}

ssize_t ServingThread::read_once(Entry& entry) {
  alignas(cmsghdr) char control[CMSG_SPACE(kControlDescriptorsMax * sizeof(int))];
  iovec vector{buffer_.data(), buffer_.size()};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got = -1;
  do {
    got = ::recvmsg(entry.socket.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got <= 0) return got;
  const std::string_view chunk(buffer_.data(), static_cast<std::size_t>(got));
  if (message.msg_controllen == 0) {
    entry.connection->receive(chunk);
  } else {
    const bool lost = (message.msg_flags & MSG_CTRUNC) != 0;
    entry.connection->receive(chunk, descriptors_of(message),
                              lost ? Connection::Arrived::kDescriptorsLost : Connection::Arrived::kWhole);
  }
  return got;
}

void ServingThread::read(std::uint64_t number, Entry& entry, std::uint32_t events) {
  const std::shared_ptr<Connection> connection = entry.connection;
  const bool gone = (events & (EPOLLHUP | EPOLLERR)) != 0;
  if (connection->has_kept_lines()) return touched(number);     // what it sent before is carried out first
  if (gone && !connection->wants_input()) return drop(number);  // nobody is there to read the replies
  if (!connection->wants_input()) return touched(number);
  const ssize_t got = read_once(entry);
  if (got > 0) return;  // a peer that is gone is noticed again after what it sent was read
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
    if (gone) drop(number);
    return;
  }
  if (got < 0 || gone) return drop(number);
  connection->end_of_input();
}

void ServingThread::serve_touched() {
  std::size_t served = 0;
  const auto until = std::chrono::steady_clock::now() + kServiceTime;
  while (!touched_.empty() && served < kServicesMax) {
    serving_.swap(touched_);  // serving one may touch it, or others, again
    for (const std::uint64_t number : serving_) serve(number);
    served += serving_.size();
    serving_.clear();
    if (std::chrono::steady_clock::now() >= until) break;
  }
}

void ServingThread::serve(std::uint64_t number) {
  const auto found = entries_.find(number);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  const std::shared_ptr<Connection> connection = entry.connection;
  if (connection->outbox().flush(entry.socket.get()) == Outbox::Flush::kBroken || connection->finished()) {
    return drop(number);
  }
  if (connection->closing() && entry.close_at_ms == 0) {
    entry.close_at_ms = now_ms() + kClosingFlushMs;
    ++deadlines_;
  }
  if (connection->has_kept_lines()) connection->resume();  // touches it again, so its replies are flushed
  const std::uint32_t in = connection->wants_input() ? EPOLLIN | EPOLLRDHUP : 0;
  const std::uint32_t out = connection->outbox().empty() ? 0 : EPOLLOUT;
  set_interest(number, entry, in | out);
}

void ServingThread::set_interest(std::uint64_t number, Entry& entry, std::uint32_t interest) {
  if (entry.interest == interest) return;
  entry.interest = interest;
  epoll_event event{.events = interest, .data = {.u64 = number}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, entry.socket.get(), &event);
}

void ServingThread::add_agent(io::Fd socket, std::shared_ptr<abi::Session> session) {
  run_there([this, socket = std::move(socket), session = std::move(session)]() mutable {
    add(std::move(socket), std::move(session), Role::kAgent);
  });
}

void ServingThread::add(io::Fd socket, std::shared_ptr<abi::Session> session, Role role) {
  const std::uint64_t number = next_number_++;
  epoll_event event{.events = EPOLLIN | EPOLLRDHUP, .data = {.u64 = number}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket.get(), &event) != 0) {
    return turn_away(socket.get(), Error{abi::error::busy, "the kernel cannot serve more connections", {}});
  }
  auto connection = std::make_shared<Connection>(number, shared_from_this(), std::move(session), &options_.speakers);
  entries_.emplace(number, Entry{std::move(socket), connection, role, event.events, 0});
  if (role == Role::kOperator) ++operators_;
  connection_count_.store(entries_.size(), std::memory_order_relaxed);
  connection->start();
}

void ServingThread::drop(std::uint64_t number) {
  const auto found = entries_.find(number);
  if (found == entries_.end()) return;
  Entry entry = std::move(found->second);
  entries_.erase(found);
  if (entry.role == Role::kOperator) --operators_;
  if (entry.close_at_ms != 0) --deadlines_;
  connection_count_.store(entries_.size(), std::memory_order_relaxed);
  entry.socket.reset();
  entry.connection->close();
}

void ServingThread::accept_all() {
  for (int i = 0; i < kAcceptsMax && listener_.valid(); ++i) {
    io::Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket.valid()) {
      accept_one(std::move(socket));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      return pause_accepting();
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;
    }
  }
}

void ServingThread::accept_one(io::Fd socket) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return;
  if (operators_ >= options_.operator_connections_max) {
    return turn_away(
        socket.get(),
        Error{abi::error::busy, "this kernel serves " + std::to_string(operators_) + " operator connections, its bound",
              "close some and try again"});
  }
  auto session = kernel_.open_operator({.pid = credentials.pid, .uid = credentials.uid});
  if (!session) return turn_away(socket.get(), session.error());
  add(std::move(socket), std::move(*session), Role::kOperator);
}

void ServingThread::pause_accepting() {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener_.get(), nullptr);
  accept_again_ms_ = now_ms() + kAcceptPauseMs;
}

void ServingThread::check_deadlines() {
  if (accept_again_ms_ != 0 && listener_.valid() && now_ms() >= accept_again_ms_) {
    accept_again_ms_ = 0;
    epoll_event event{.events = EPOLLIN, .data = {.u64 = kListenerTag}};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listener_.get(), &event);
  }
  if (deadlines_ == 0) return;
  const std::int64_t now = now_ms();
  std::vector<std::uint64_t> late;
  for (const auto& [number, entry] : entries_) {
    if (entry.close_at_ms != 0 && now >= entry.close_at_ms) late.push_back(number);
  }
  for (const std::uint64_t number : late) drop(number);
}

void ServingThread::end_all() {
  stop_at_ms_ = now_ms() + kShutdownFlushMs;
  listener_.reset();
  accept_again_ms_ = 0;
  for (const auto& [number, entry] : entries_) entry.connection->end();
}

}  // namespace agentos::unix_door
