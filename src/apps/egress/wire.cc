// Level-triggered: interest follows what there is room for.
#include "apps/egress/wire.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace agentos::egress {

Wire::Wire(io::Loop& loop, io::Fd fd, std::function<void()> changed)
    : loop_(loop), fd_(std::move(fd)), changed_(std::move(changed)), interest_(EPOLLIN) {
  if (!loop_.add(fd_.get(), interest_, [this](std::uint32_t events) { ready(events); })) fail_with("cannot be watched");
}

Wire::~Wire() { (void)loop_.remove(fd_.get()); }

Status Wire::secure(const tls::ClientContext& context, const std::string& host) {
  tls_ = TRY(context.begin(host));
  run_tls({});
  return {};
}

void Wire::consume(std::size_t size) {
  taken_ += size;
  if (taken_ == input_.size()) {
    input_.clear();
    taken_ = 0;
  } else if (taken_ > kReadBytes) {
    input_.erase(0, taken_);
    taken_ = 0;
  }
  update();
}

void Wire::send(std::string_view octets) {
  if (broken_ || octets.empty()) return;
  if (tls_ != nullptr) {
    tls_->send(octets);
    run_tls({});
    return;
  }
  if (drained()) {
    out_.clear();
    sent_ = 0;
    const ssize_t sent = ::send(fd_.get(), octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      bytes_ += sent;
      octets.remove_prefix(static_cast<std::size_t>(sent));
    } else if (sent < 0 && errno != EAGAIN && errno != EINTR) {
      return fail_with(std::strerror(errno));
    }
  }
  out_ += octets;
  update();
}

void Wire::finish_sending() {
  if (finishing_) return;
  finishing_ = true;
  if (tls_ != nullptr) {
    tls_->finish();
    run_tls({});
  }
  flush();
}

void Wire::fail_with(std::string why) {
  broken_ = true;
  ended_ = true;
  if (trouble_.empty()) trouble_ = std::move(why);
  (void)loop_.remove(fd_.get());
}

void Wire::run_tls(std::string_view received) {
  if (Status status = tls_->receive(received); !status) fail_with(status.error().message);
  tls_->take_input(input_);
  tls_->take_output(out_);
  if (tls_->ended()) ended_ = true;
  if (!broken_) flush();
}

void Wire::flush() {
  while (!broken_ && !drained()) {
    const ssize_t sent = ::send(fd_.get(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return fail_with(std::strerror(errno));
      break;
    }
    bytes_ += sent;
    sent_ += static_cast<std::size_t>(sent);
  }
  if (drained()) {
    out_.clear();
    sent_ = 0;
    if (finishing_ && !broken_) ::shutdown(fd_.get(), SHUT_WR);
  }
  update();
}

void Wire::receive() {
  thread_local std::string buffer(kReadBytes, '\0');
  const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got < 0) {
    if (errno != EAGAIN && errno != EINTR) fail_with(std::strerror(errno));
    return;
  }
  if (got == 0) {
    ended_ = true;
    return;
  }
  bytes_ += got;
  const std::string_view octets(buffer.data(), static_cast<std::size_t>(got));
  if (tls_ != nullptr) {
    run_tls(octets);
  } else {
    input_ += octets;
  }
}

void Wire::update() {
  if (broken_) return;
  const bool reads = !ended_ && input_.size() - taken_ < kInputBytesMax;
  const std::uint32_t wanted = (reads ? std::uint32_t{EPOLLIN} : 0U) | (drained() ? 0U : std::uint32_t{EPOLLOUT});
  if (wanted == interest_) return;
  interest_ = wanted;
  (void)loop_.modify(fd_.get(), wanted);
}

void Wire::ready(std::uint32_t events) {
  if ((events & EPOLLOUT) != 0) flush();
  if ((events & EPOLLIN) != 0 && !broken_) receive();
  if ((events & EPOLLERR) != 0) fail_with("the connection broke");
  // Both directions are gone: the rest, which the system bounds, is taken now, for nothing will announce it again.
  if ((events & EPOLLHUP) != 0 && !broken_) {
    std::size_t before = 0;
    do {
      before = input_.size();
      receive();
    } while (!broken_ && !ended_ && input_.size() > before);
    ended_ = true;
    (void)loop_.remove(fd_.get());
  }
  update();
  changed_();
}

}  // namespace agentos::egress
