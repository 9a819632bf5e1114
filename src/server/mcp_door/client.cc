// The stream of one client: lines in, messages out.
#include "server/mcp_door/client.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace agentos::mcp_door {
namespace {

constexpr std::size_t kSliceBytes = 256 << 10;

// A descriptor of our own that does not block. A pipe is opened anew: its flags belong to whoever else has it, too.
Result<io::Fd> nonblocking(io::Fd given, int flags) {
  struct stat status{};
  if (::fstat(given.get(), &status) != 0) return fail_errno(errno, "cannot look at the client's descriptor");
  if (S_ISFIFO(status.st_mode)) {
    const std::string path = "/proc/self/fd/" + std::to_string(given.get());
    io::Fd own(::open(path.c_str(), flags | O_NONBLOCK | O_CLOEXEC));
    if (own.valid()) return own;
  } else if (!S_ISSOCK(status.st_mode)) {
    return fail(ErrorCode::kInvalidArgument, "the client's descriptors must be pipes or sockets");
  }
  const int old = ::fcntl(given.get(), F_GETFL);
  if (old < 0 || ::fcntl(given.get(), F_SETFL, old | O_NONBLOCK) != 0) {
    return fail_errno(errno, "cannot set up the client's descriptor");
  }
  return given;
}

}  // namespace

Client::Client(io::Loop& loop, const Clock& clock, abi::McpEndpoint endpoint)
    : loop_(loop), clock_(clock), backend_(std::move(endpoint.backend)), session_(std::move(endpoint.session)) {}

Client::~Client() = default;

Result<std::shared_ptr<Client>> Client::make(io::Loop& loop, const Clock& clock, abi::McpEndpoint endpoint) {
  io::Fd input = TRY(nonblocking(std::move(endpoint.input), O_RDONLY));
  io::Fd output = TRY(nonblocking(std::move(endpoint.output), O_WRONLY));
  std::shared_ptr<Client> client(new Client(loop, clock, std::move(endpoint)));
  client->input_ = std::move(input);
  client->output_ = std::move(output);
  return client;
}

void Client::start(std::function<void()> on_end) {
  on_end_ = std::move(on_end);
  backend_->set_peer(weak_from_this());
  servers_changed();
  const std::weak_ptr<Client> weak = weak_from_this();
  session_->on_close([weak, &loop = loop_] {
    loop.post([weak] {
      if (const auto self = weak.lock()) self->close();
    });
  });
  (void)loop_.add(input_.get(), EPOLLIN, [weak](std::uint32_t) {
    const auto self = weak.lock();
    if (self != nullptr && !self->readable()) self->close();
  });
}

void Client::close() {
  std::shared_ptr<abi::Session> session;
  std::function<void()> on_end;
  std::vector<std::function<void(Result<json::Value>)>> unanswered;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(ended_, true)) return;
    if (input_.valid()) (void)loop_.remove(input_.get());
    if (writable_watched_) (void)loop_.remove(output_.get());
    for (auto& [token, call] : calls_) {
      if (call.timer != 0) loop_.cancel(call.timer);
      for (Input& input : call.inputs) unanswered.push_back(std::move(input.done));
    }
    calls_.clear();
    for (auto& [ticket, question] : asked_) unanswered.push_back(std::move(question.done));
    asked_.clear();
    waiting_.clear();
    input_.reset();
    output_.reset();
    session = std::move(session_);
    on_end = std::move(on_end_);
  }
  for (const auto& done : unanswered) {
    if (done) done(fail(ErrorCode::kClosed, "the client has gone"));
  }
  session.reset();  // the last of it: the agent ends
  if (on_end) on_end();
}

std::shared_ptr<abi::Session> Client::session_of() const {
  const std::lock_guard lock(mutex_);
  return session_;
}

bool Client::readable() {
  thread_local std::array<char, 64 << 10> buffer;
  const std::shared_ptr<Client> keep = shared_from_this();
  for (std::size_t taken = 0; taken < kSliceBytes;) {
    // NOLINTNEXTLINE(clang-analyzer-unix.BlockInCriticalSection): the descriptor does not block
    const ssize_t size = ::read(input_.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return true;
    if (size <= 0) return false;
    taken += static_cast<std::size_t>(size);
    reader_.feed({buffer.data(), static_cast<std::size_t>(size)});
    std::string_view line;
    for (auto step = reader_.next(line); step != mcp::LineReader::Step::kNeedMore; step = reader_.next(line)) {
      Effects effects;
      if (step == mcp::LineReader::Step::kLine) {
        take_line(line, effects);
      } else {
        const std::lock_guard lock(mutex_);
        mcp::write_error(outbox_, {}, {mcp::kInvalidRequest, "the message is larger than 4194304 octets", {}});
        flush_locked();
      }
      for (const auto& effect : effects) effect();
      if (ended_) return true;
    }
    if (static_cast<std::size_t>(size) < buffer.size()) return true;
  }
  return true;
}

void Client::take_line(std::string_view line, Effects& effects) {
  line_bytes_ = line.size();
  auto messages = mcp::parse(line, serving_.batches());
  if (!messages) {
    if (const auto session = session_of()) session->reject({abi::error::malformed, messages.error().error.message, {}});
    const std::lock_guard lock(mutex_);
    mcp::write_error(outbox_, messages.error().id, messages.error().error);
    return flush_locked();
  }
  for (mcp::Message& message : *messages) take_message(std::move(message), effects);
}

void Client::take_message(mcp::Message message, Effects& effects) {
  using What = mcp::ServingSession::Taken::What;
  mcp::ServingSession::Taken taken;
  {
    const std::lock_guard lock(mutex_);
    taken = serving_.take(std::move(message), outbox_);
    flush_locked();
  }
  switch (taken.what) {
    case What::kNothing:
      break;
    case What::kInitialize:
      identify(std::move(taken.asked), true, effects);
      break;
    case What::kDiscover:
      identify(std::move(taken.asked), false, effects);
      break;
    case What::kRequest:
      take_request(std::move(taken.asked), effects);
      break;
    case What::kCancelled:
      cancel(taken.cancelled, effects);
      break;
    case What::kNotification:
      backend_->notify(taken.asked.method, taken.asked.params);
      break;
    case What::kAnswer: {
      std::function<void(Result<json::Value>)> done;
      {
        const std::lock_guard lock(mutex_);
        if (const auto found = asked_.find(taken.ticket); found != asked_.end()) {
          done = std::move(found->second.done);
          asked_.erase(found);
        }
      }
      if (!done) break;
      if (taken.error) {
        done(fail(ErrorCode::kClosed, "the client refused: " + taken.error->message));
      } else {
        done(std::move(taken.result));
      }
      break;
    }
  }
}

// A client that does not read is not written to for ever.
void Client::flush_locked() {
  if (ended_) return;
  while (sent_ < outbox_.size()) {
    const ssize_t written = ::write(output_.get(), outbox_.data() + sent_, outbox_.size() - sent_);
    if (written > 0) {
      sent_ += static_cast<std::size_t>(written);
      continue;
    }
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN && outbox_.size() - sent_ <= kOutboxBytesMax) {
      if (writable_watched_) return;
      writable_watched_ = true;
      loop_.post([weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self == nullptr) return;
        const std::lock_guard lock(self->mutex_);
        if (self->ended_) return;
        (void)self->loop_.add(self->output_.get(), EPOLLOUT, [weak](std::uint32_t) {
          const auto alive = weak.lock();
          if (alive == nullptr) return;
          const std::lock_guard held(alive->mutex_);
          if (alive->ended_) return;
          (void)alive->loop_.remove(alive->output_.get());
          alive->writable_watched_ = false;
          alive->flush_locked();
        });
      });
      return;
    }
    return end_locked();
  }
  outbox_.clear();
  sent_ = 0;
}

void Client::end_locked() {
  outbox_.clear();
  sent_ = 0;
  loop_.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->close();
  });
}

}  // namespace agentos::mcp_door
