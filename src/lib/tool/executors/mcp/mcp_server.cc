// Starting, asking and writing. What one step leads to for others is collected while the lock is held and done after
// it.
#include "lib/tool/executors/mcp/mcp_server.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include <fmt/format.h>

namespace agentos::tool {

McpAnswer failed_with(ErrorCode code, std::string message, std::string hint) {
  return {.result = {}, .rpc_error = {}, .error = Error{code, std::move(message), std::move(hint)}};
}

McpServer::McpServer(std::string name, std::shared_ptr<McpHost> host, McpStarter starter, Events events)
    : name_(std::move(name)), host_(std::move(host)), starter_(std::move(starter)), events_(std::move(events)) {}

McpServer::~McpServer() { stop(); }

McpServer::State McpServer::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::string McpServer::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

Status McpServer::start() {
  const std::lock_guard lock(mutex_);
  if (stopped_) return fail(ErrorCode::kClosed, "the server was stopped");
  if (state_ != State::kStopped) return {};
  return spawn_locked();
}

Status McpServer::spawn_locked() {
  int to_server[2];
  int from_server[2];
  if (::pipe2(to_server, O_CLOEXEC) != 0) return fail_errno(errno, "cannot make a pipe");
  io::Fd their_input(to_server[0]);
  io::Fd our_end(to_server[1]);
  if (::pipe2(from_server, O_CLOEXEC) != 0) return fail_errno(errno, "cannot make a pipe");
  auto reading = std::make_shared<Reading>();
  reading->output = io::Fd(from_server[0]);
  io::Fd their_output(from_server[1]);
  for (const int fd : {our_end.get(), reading->output.get()}) {
    if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0) return fail_errno(errno, "cannot set up a pipe");
  }
  const std::uint64_t incarnation = ++incarnation_;
  reading->incarnation = incarnation;
  auto weak = weak_from_this();
  auto process = starter_({std::move(their_input), std::move(their_output)}, [weak, incarnation](std::string why) {
    const auto self = weak.lock();
    if (self == nullptr) return;
    self->host_->loop().post([weak, incarnation, why = std::move(why)] {
      if (const auto alive = weak.lock()) alive->process_ended(incarnation, why);
    });
  });
  if (!process) return std::unexpected(process.error());
  process_ = std::move(*process);
  input_ = std::move(our_end);
  outbox_.clear();
  sent_ = 0;
  writable_watched_ = output_closed_ = false;
  end_.reset();
  session_.reset();
  catalog_told_ = relist_armed_ = false;
  state_ = State::kStarting;
  trouble_.clear();
  up_since_ns_ = host_->clock().monotonic_ns();
  host_->loop().post([weak, reading] {
    if (const auto alive = weak.lock()) alive->watch(reading);
  });
  if (client_) greet_locked();
  return {};
}

void McpServer::greet(mcp::ClientIdentity client, mcp::CallingSession::Era known) {
  const std::lock_guard lock(mutex_);
  if (client_) return;
  client_ = std::move(client);
  known_ = known;
  if (state_ == State::kStarting) greet_locked();
}

void McpServer::greet_locked() {
  session_.emplace(*client_);
  greeted_ns_ = host_->clock().monotonic_ns();
  session_->start(known_, outbox_);
  arm_sweep_locked();
  flush_locked();
}

void McpServer::stop() {
  std::shared_ptr<McpProcess> process;
  Effects effects;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    stopped_ = true;
    state_ = State::kStopped;
    process = std::move(process_);
    close_input_locked();
    for (auto& [ticket, pending] : std::exchange(pending_, {})) {
      effects.push_back(
          [done = std::move(pending.done)] { done(failed_with(ErrorCode::kCancelled, "the server was stopped")); });
    }
    by_sent_.clear();
  }
  for (const auto& effect : effects) effect();
  if (process != nullptr) process->end();
}

// ---- asking

std::uint64_t McpServer::request(Request request, std::function<void(McpAnswer)> done) {
  std::optional<McpAnswer> refused;
  std::uint64_t ticket = 0;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) {
      refused = failed_with(ErrorCode::kClosed, fmt::format("the server \"{}\" was stopped", name_));
    } else if (state_ == State::kRefused || state_ == State::kPausing || state_ == State::kStopped) {
      refused = failed_with(ErrorCode::kBusy, fmt::format("the server \"{}\" is not there: {}", name_, trouble_),
                            state_ == State::kPausing ? "it starts again by itself; try later" : "");
    } else if (request.origin == Request::Origin::kClient &&
               (pending_.size() >= kPendingMax || outbox_.size() - sent_ > kOutboxBytesMax)) {
      refused = failed_with(ErrorCode::kBusy, fmt::format("the server \"{}\" has too much to do already", name_),
                            "wait for its answers");
    } else {
      ticket = next_ticket_++;
      Pending& pending = pending_[ticket];
      pending.done = std::move(done);
      pending.on_progress = std::move(request.on_progress);
      pending.timeout_ms = request.timeout_ms;
      pending.deadline_ns = host_->clock().monotonic_ns() + request.timeout_ms * kMcpNsPerMs;
      const bool goes_out = catalog_told_ || request.origin == Request::Origin::kCatalog;
      pending.held = std::move(request);
      arm_sweep_locked();
      if (state_ == State::kReady && goes_out) {
        send_locked(ticket, pending);
        flush_locked();
      }
    }
  }
  // NOLINTNEXTLINE(bugprone-use-after-move): moved only when nothing was refused
  if (refused) done(std::move(*refused));
  return ticket;
}

void McpServer::send_locked(std::uint64_t ticket, Pending& pending) {
  Request& held = pending.held;
  const auto progress =
      pending.on_progress ? mcp::CallingSession::Progress::kWanted : mcp::CallingSession::Progress::kUnwanted;
  pending.sent = session_->request_as(held.client ? *held.client : *client_, held.method, std::move(held.params),
                                      progress, held.log_level, outbox_);
  held = {};
  by_sent_.emplace(pending.sent, ticket);
}

void McpServer::cancel(std::uint64_t ticket, std::string_view reason) {
  Effects effects;
  {
    const std::lock_guard lock(mutex_);
    const auto found = pending_.find(ticket);
    if (found == pending_.end()) return;
    if (found->second.sent != 0 && session_ && state_ == State::kReady) {
      session_->cancel(found->second.sent, reason, outbox_);
      flush_locked();
    }
    finish_locked(ticket, failed_with(ErrorCode::kCancelled, "the request was cancelled"), effects);
  }
  for (const auto& effect : effects) effect();
}

void McpServer::notify(std::string_view method, const json::Value& params) {
  const std::lock_guard lock(mutex_);
  if (state_ != State::kReady || outbox_.size() - sent_ > kOutboxBytesMax) return;
  session_->notify(method, params, outbox_);
  flush_locked();
}

void McpServer::answer(const mcp::Id& id, const McpAnswer& answer) {
  const std::lock_guard lock(mutex_);
  if (!session_ || !input_.valid()) return;
  if (answer.rpc_error) {
    session_->answer_error(id, *answer.rpc_error, outbox_);
  } else if (answer.error) {
    session_->answer_error(id, {mcp::kInternalError, answer.error->message, {}}, outbox_);
  } else {
    session_->answer(id, answer.result, outbox_);
  }
  flush_locked();
}

void McpServer::flush_locked() {
  while (input_.valid() && sent_ < outbox_.size()) {
    const ssize_t written = ::write(input_.get(), outbox_.data() + sent_, outbox_.size() - sent_);
    if (written > 0) {
      sent_ += static_cast<std::size_t>(written);
      continue;
    }
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {
      if (writable_watched_) break;
      writable_watched_ = true;
      const auto weak = weak_from_this();
      host_->loop().post([weak, incarnation = incarnation_] {
        const auto self = weak.lock();
        if (self == nullptr) return;
        const std::lock_guard lock(self->mutex_);
        if (self->incarnation_ != incarnation || !self->input_.valid()) return;
        const int fd = self->input_.get();
        (void)self->host_->loop().add(fd, EPOLLOUT, [weak, fd, incarnation](std::uint32_t) {
          const auto alive = weak.lock();
          if (alive == nullptr) return;
          const std::lock_guard held(alive->mutex_);
          (void)alive->host_->loop().remove(fd);
          if (alive->incarnation_ != incarnation) return;
          alive->writable_watched_ = false;
          alive->flush_locked();
        });
      });
      break;
    }
    // Nobody reads any more: the end of its output follows and says why.
    outbox_.clear();
    sent_ = 0;
    return;
  }
  if (sent_ == outbox_.size()) {
    outbox_.clear();
    sent_ = 0;
  } else if (sent_ > (64U << 10)) {
    outbox_.erase(0, sent_);
    sent_ = 0;
  }
}

// While it is watched, its number must not come to be another's: the loop forgets it first.
void McpServer::close_input_locked() {
  if (input_.valid() && writable_watched_) {
    io::Loop* loop = &host_->loop();
    loop->post([loop, input = std::make_shared<io::Fd>(std::move(input_))] { (void)loop->remove(input->get()); });
  }
  input_.reset();
}

void McpServer::finish_locked(std::uint64_t ticket, McpAnswer answer, Effects& effects) {
  const auto found = pending_.find(ticket);
  if (found == pending_.end()) return;
  if (found->second.sent != 0) by_sent_.erase(found->second.sent);
  effects.push_back(
      [done = std::move(found->second.done), answer = std::move(answer)]() mutable { done(std::move(answer)); });
  pending_.erase(found);
}

}  // namespace agentos::tool
