// See pipe.h.
#include "server/mcp_door/http/pipe.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/io/socket.h"

namespace agentos::mcp_http {
namespace {

constexpr std::size_t kPipeReadBytes = std::size_t{64} << 10;
constexpr std::size_t kPipeSliceBytes = std::size_t{1} << 20;  // before others have their turn

}  // namespace

Pipe::Pipe(io::Loop& loop, const Limits& limits, io::Fd socket)
    : loop_(loop), limits_(limits), socket_(std::move(socket)) {}

Pipe::~Pipe() { close(); }

Status Pipe::start(Listener listener) {
  listener_ = std::move(listener);
  TRY(io::set_nonblocking(socket_.get()));
  return loop_.add(socket_.get(), EPOLLIN, [weak = weak_from_this()](std::uint32_t events) {
    if (const auto self = weak.lock()) self->ready(events);
  });
}

void Pipe::close() {
  if (std::exchange(ended_, true)) return;
  listener_ = {};
  (void)loop_.remove(socket_.get());
  socket_.reset();
}

void Pipe::lost() {
  if (ended_) return;
  const auto end = std::move(listener_.end);
  close();
  if (end) end();
}

bool Pipe::send(std::string_view line) {
  if (ended_ || out_.size() - sent_ + line.size() > limits_.unsent_bytes) return false;
  out_ += line;
  flush();
  return !ended_;
}

void Pipe::flush() {
  while (sent_ < out_.size()) {
    const ssize_t written =
        ::send(socket_.get(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (written > 0) {
      sent_ += static_cast<std::size_t>(written);
      continue;
    }
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      if (!std::exchange(writes_watched_, true)) (void)loop_.modify(socket_.get(), EPOLLIN | EPOLLOUT);
      return;
    }
    // Reading will find it out, and tell.
    out_.clear();
    sent_ = 0;
    return;
  }
  if (out_.capacity() > kPipeReadBytes) out_ = {};
  out_.clear();
  sent_ = 0;
  if (std::exchange(writes_watched_, false)) (void)loop_.modify(socket_.get(), EPOLLIN);
}

void Pipe::ready(std::uint32_t events) {
  const auto keep = shared_from_this();
  if ((events & EPOLLOUT) != 0) flush();
  thread_local std::array<char, kPipeReadBytes> buffer;
  for (std::size_t taken = 0; taken < kPipeSliceBytes && !ended_;) {
    // NOLINTNEXTLINE(clang-analyzer-unix.BlockInCriticalSection): the descriptor does not block
    const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (size <= 0) return lost();
    taken += static_cast<std::size_t>(size);
    reader_.feed({buffer.data(), static_cast<std::size_t>(size)});
    std::string_view line;
    for (auto step = reader_.next(line); step != mcp::LineReader::Step::kNeedMore && !ended_;
         step = reader_.next(line)) {
      // A copy is called: who is told may close the pipe.
      if (step == mcp::LineReader::Step::kLine) {
        const auto tell = listener_.line;
        if (tell) tell(line);
      } else if (const auto tell = listener_.too_long) {
        tell(reader_.skipped_head());
      }
    }
    if (static_cast<std::size_t>(size) < buffer.size()) return;
  }
}

}  // namespace agentos::mcp_http
