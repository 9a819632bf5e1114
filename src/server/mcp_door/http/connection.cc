// See connection.h.
#include "server/mcp_door/http/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "server/mcp_door/http/answers.h"

namespace agentos::mcp_http {

// The exchange as the service holds it; the connection may be gone before it.
class Connection::Ours final : public Exchange {
 public:
  Ours(Request request, std::string body, std::weak_ptr<Connection> connection)
      : Exchange(std::move(request), std::move(body)), connection_(std::move(connection)) {}
  void answer(Answer answer) override {
    if (const auto connection = of_mine()) connection->answer(std::move(answer));
  }
  void begin_events(const std::vector<std::pair<std::string, std::string>>& fields) override {
    if (const auto connection = of_mine()) connection->begin_events(fields);
  }
  void send_events(std::string_view octets) override {
    if (const auto connection = of_mine()) connection->send_events(octets);
  }
  void finish_events() override {
    if (const auto connection = of_mine()) connection->finish_events();
  }
  bool gone() const override { return of_mine() == nullptr; }

 private:
  std::shared_ptr<Connection> of_mine() const {
    auto connection = connection_.lock();
    return connection != nullptr && connection->exchange_.get() == this ? connection : nullptr;
  }
  std::weak_ptr<Connection> connection_;
};

Connection::Connection(io::Loop& loop, const Clock& clock, const Limits& limits, Service& service, io::Fd socket,
                       std::unique_ptr<tls::Server> tls)
    : loop_(loop),
      clock_(clock),
      limits_(limits),
      service_(service),
      socket_(std::move(socket)),
      tls_(std::move(tls)),
      reader_(limits) {}

Connection::~Connection() = default;

Status Connection::start(std::function<void()> on_end) {
  on_end_ = std::move(on_end);
  since_ms_ = took_ms_ = now_ms();
  watched_ = EPOLLIN | EPOLLRDHUP;
  return loop_.add(socket_.get(), watched_, [weak = weak_from_this()](std::uint32_t events) {
    if (const auto self = weak.lock()) self->ready(events);
  });
}

void Connection::close() {
  if (std::exchange(ended_, true)) return;
  (void)loop_.remove(socket_.get());
  socket_.reset();
  if (const auto exchange = std::exchange(exchange_, nullptr); exchange != nullptr) {
    exchange->on_input_end = nullptr;
    if (const auto gone = std::exchange(exchange->on_gone, nullptr)) gone();
  }
  if (const auto on_end = std::exchange(on_end_, nullptr)) on_end();
}

void Connection::tick(std::int64_t now_ms) {
  if (ended_) return;
  if (lingers_until_ms_ != 0 && now_ms > lingers_until_ms_) return close();
  if (sent_ < out_.size() && now_ms - took_ms_ > limits_.stalled_ms) return close();
  if (exchange_ != nullptr || closes_) return;
  if (reader_.at() == RequestReader::At::kStart) {
    const bool shakes_hands = tls_ != nullptr && !tls_->ready();
    if (now_ms - since_ms_ > (shakes_hands ? limits_.head_ms : limits_.idle_ms)) close();
    return;
  }
  const bool head = reader_.at() == RequestReader::At::kHead;
  if (now_ms - since_ms_ <= (head ? limits_.head_ms : limits_.body_ms)) return;
  refuse(error_answer(408, head ? "the head of the request did not come in time" : "the body did not come in time"));
}

void Connection::ready(std::uint32_t events) {
  const auto keep = shared_from_this();
  if ((events & EPOLLOUT) != 0) flush();
  if (ended_) return;
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) return close();  // it has gone both ways, or was reset
  if ((events & EPOLLIN) != 0 && !read_some()) return;
  if (!ended_ && (events & EPOLLRDHUP) != 0 && (watched_ & EPOLLIN) == 0) input_ended();
}

bool Connection::read_some() {
  thread_local std::array<char, kReadBytes> buffer;
  for (std::size_t taken = 0; taken < kSliceBytes && (watched_ & EPOLLIN) != 0;) {
    // NOLINTNEXTLINE(clang-analyzer-unix.BlockInCriticalSection): the descriptor does not block
    const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
    if (size < 0) {
      close();
      return false;
    }
    if (size == 0) {
      input_ended();
      return !ended_;
    }
    taken += static_cast<std::size_t>(size);
    if (closes_) continue;
    if (tls_ == nullptr) {
      input_.append(buffer.data(), static_cast<std::size_t>(size));
    } else if (!decrypt({buffer.data(), static_cast<std::size_t>(size)})) {
      return !ended_;
    }
    proceed();
    if (ended_) return false;
    if (static_cast<std::size_t>(size) < buffer.size()) return true;
  }
  return true;
}

// False: nothing more is read.
bool Connection::decrypt(std::string_view octets) {
  const Status taken = tls_->receive(octets);
  tls_->take_output(out_);
  tls_->take_input(input_);
  if (!taken) {
    closes_ = true;
    keeps_open_ = false;
    input_.clear();
    flush();
    return false;
  }
  flush();
  if (!tls_->ended()) return !ended_;
  proceed();
  if (!ended_) input_ended();
  return false;
}

void Connection::put(std::string_view octets) {
  if (tls_ == nullptr) {
    out_ += octets;
    return;
  }
  tls_->send(octets);
  tls_->take_output(out_);
}

void Connection::input_ended() {
  if (std::exchange(input_ended_, true)) return;
  keeps_open_ = false;
  watch();
  if (lingers_until_ms_ != 0) return close();
  if (exchange_ != nullptr) {
    if (const auto told = exchange_->on_input_end) told();
    return;
  }
  closes_ = true;
  flush();
}

// As far as what has come goes.
void Connection::proceed() {
  if (std::exchange(proceeding_, true)) return;
  while (!ended_ && !closes_ && exchange_ == nullptr) {
    const RequestReader::Step step = reader_.read(input_);
    touch();
    if (step == RequestReader::Step::kNeedMore) break;
    if (step == RequestReader::Step::kHead) {
      take_head();
    } else if (step == RequestReader::Step::kWhole) {
      take_whole();
    } else {
      refuse(error_answer(reader_.status(), reader_.what()));
    }
  }
  proceeding_ = false;
  if (!ended_) watch();
}

void Connection::touch() {
  if (reader_.at() == was_at_) return;
  was_at_ = reader_.at();
  since_ms_ = now_ms();
}

void Connection::take_head() {
  const Request& request = reader_.request();
  is_1_0_ = request.is_1_0;
  if (!request.keeps_open) keeps_open_ = false;
  if (auto refused = service_.screen(request)) {
    // What follows its head was not looked at and is not read.
    refused->closes = refused->closes || request.framing != egress::Framing::kNone;
    if (refused->closes) return refuse(std::move(*refused));
    const bool head_only = request.method == "HEAD";
    (void)reader_.read(input_);  // there is no body: it is whole
    touch();
    put(write_answer(*refused, keeps_open_ ? Keep::kOpen : Keep::kClose, head_only));
    closes_ = closes_ || !keeps_open_;
    return flush();
  }
  if (request.expects_continue && input_.empty()) {
    put("HTTP/1.1 100 Continue\r\n\r\n");
    flush();
  }
}

void Connection::take_whole() {
  touch();
  Request request = reader_.take_request();
  exchange_ = std::make_shared<Ours>(std::move(request), reader_.take_body(), weak_from_this());
  const std::shared_ptr<Exchange> exchange = exchange_;
  service_.serve(exchange);
}

// A last answer, for a request that is not read to its end.
void Connection::refuse(Answer answer) {
  keeps_open_ = false;
  closes_ = true;
  put(write_answer(answer, Keep::kClose, false));
  flush();
  if (!ended_) watch();
}

void Connection::answer(Answer answer) {
  if (ended_ || sending_ != Sending::kNothing) return;
  if (answer.closes) keeps_open_ = false;
  put(write_answer(answer, keeps_open_ ? Keep::kOpen : Keep::kClose, exchange_->request().method == "HEAD"));
  answered();
}

void Connection::begin_events(const std::vector<std::pair<std::string, std::string>>& fields) {
  if (ended_ || sending_ != Sending::kNothing) return;
  sending_ = is_1_0_ ? Sending::kUntilClose : Sending::kChunks;
  if (is_1_0_) keeps_open_ = false;
  put(write_events_head(fields, keeps_open_ ? Keep::kOpen : Keep::kClose, is_1_0_ ? Chunks::kNo : Chunks::kYes));
  flush();
}

void Connection::send_events(std::string_view octets) {
  if (ended_ || sending_ == Sending::kNothing) return;
  if (sending_ == Sending::kChunks) {
    std::string chunk;
    write_chunk(chunk, octets);
    put(chunk);
  } else {
    put(octets);
  }
  if (out_.size() - sent_ > limits_.unsent_bytes) {
    return end_later();  // not now: who sends may be in the middle of something
  }
  flush();
}

void Connection::finish_events() {
  if (ended_ || sending_ == Sending::kNothing) return;
  if (sending_ == Sending::kChunks) put(kLastChunk);
  sending_ = Sending::kNothing;
  answered();
}

void Connection::answered() {
  exchange_->on_gone = nullptr;
  exchange_->on_input_end = nullptr;
  exchange_.reset();
  since_ms_ = now_ms();
  if (!keeps_open_) closes_ = true;
  flush();
  if (ended_ || proceeding_ || input_.empty()) return;
  // Later: who answered may be in the middle of something.
  loop_.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->proceed();
  });
}

void Connection::flush() {
  while (sent_ < out_.size()) {
    const ssize_t written =
        ::send(socket_.get(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (written > 0) {
      sent_ += static_cast<std::size_t>(written);
      took_ms_ = now_ms();
      continue;
    }
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      if (sent_ > limits_.unsent_bytes / 4) out_.erase(0, std::exchange(sent_, 0));
      if ((watched_ & EPOLLOUT) == 0) took_ms_ = now_ms();
      return watch();
    }
    return end_later();
  }
  if (out_.capacity() > kHeldBytesMax) out_ = {};
  out_.clear();
  sent_ = 0;
  if (!closes_) return watch();
  // Closing while octets of the client are unread would make the system take the answer back: they are read away.
  if (lingers_until_ms_ == 0) {
    if (tls_ != nullptr && tls_->ready()) {
      tls_->finish();
      std::string goodbye;
      tls_->take_output(goodbye);
      (void)::send(socket_.get(), goodbye.data(), goodbye.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    ::shutdown(socket_.get(), SHUT_WR);
    lingers_until_ms_ = now_ms() + kLingerMs;
  }
  if (input_ended_) return end_later();
  watch();
}

void Connection::end_later() {
  loop_.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->close();
  });
}

void Connection::watch() {
  std::uint32_t wanted = 0;
  const bool reads = !input_ended_ && (exchange_ == nullptr || input_.size() < kHeldBytesMax);
  if (reads) wanted |= EPOLLIN;
  if (!input_ended_) wanted |= EPOLLRDHUP;
  if (sent_ < out_.size()) wanted |= EPOLLOUT;
  if (wanted == watched_ || ended_) return;
  watched_ = wanted;
  (void)loop_.modify(socket_.get(), wanted);
}

}  // namespace agentos::mcp_http
