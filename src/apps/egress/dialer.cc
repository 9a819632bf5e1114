// One address after the other, each within its time.
#include "apps/egress/dialer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

#include "apps/egress/socket_address.h"

namespace agentos::egress {
namespace {

class Dialing {
 public:
  Dialing(io::Loop& loop, const Settings& settings, std::vector<Endpoint> places, OnDialed done)
      : loop_(loop), settings_(settings), places_(std::move(places)), done_(std::move(done)) {
    timer_ = loop_.after_ms(0, [this] {
      timer_ = 0;
      next();
    });
  }
  ~Dialing() { close(); }
  Dialing(const Dialing&) = delete;
  Dialing& operator=(const Dialing&) = delete;

 private:
  void close() {
    if (socket_.valid()) (void)loop_.remove(socket_.get());
    socket_.reset();
    if (timer_ != 0) loop_.cancel(timer_);
    timer_ = 0;
  }

  void next() {
    for (;;) {
      close();
      if (at_ == places_.size()) return finish(std::unexpected(trouble_));
      const Endpoint& place = places_[at_++];
      const auto changed = settings_.rehearsal.find(place);
      const SocketAddress address(changed == settings_.rehearsal.end() ? place : changed->second);
      socket_ = io::Fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
      if (!socket_.valid()) {
        note(errno);
        continue;
      }
      const int yes = 1;
      (void)::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      if (::connect(socket_.get(), address.get(), address.size()) != 0 && errno != EINPROGRESS) {
        note(errno);
        continue;
      }
      if (!loop_.add(socket_.get(), EPOLLOUT, [this](std::uint32_t) { answered(); })) continue;
      timer_ = loop_.after_ms(kDialMs, [this] {
        timer_ = 0;
        trouble_ = {ErrorCode::kTimedOut, places_[at_ - 1].text() + " does not answer", {}};
        next();
      });
      return;
    }
  }

  void note(int error) {
    trouble_ = fail_errno(error, "cannot connect to " + places_[at_ - 1].text()).error();
    trouble_.code = ErrorCode::kIo;
  }

  void answered() {
    int error = 0;
    socklen_t size = sizeof error;
    (void)::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
      note(error);
      return next();
    }
    (void)loop_.remove(socket_.get());
    Dialed dialed{std::move(socket_), std::string(places_[at_ - 1].address.text().view())};
    close();
    finish(std::move(dialed));
  }

  void finish(Result<Dialed> result) {
    const OnDialed done = std::move(done_);  // may drop this
    done(std::move(result));
  }

  io::Loop& loop_;
  const Settings& settings_;
  const std::vector<Endpoint> places_;
  OnDialed done_;
  std::size_t at_ = 0;
  io::Fd socket_;
  io::Loop::TimerId timer_ = 0;
  Error trouble_{ErrorCode::kIo, "there is no address to connect to", {}};
};

}  // namespace

std::shared_ptr<void> dial(io::Loop& loop, const Settings& settings, std::vector<Endpoint> places, OnDialed done) {
  return std::make_shared<Dialing>(loop, settings, std::move(places), std::move(done));
}

}  // namespace agentos::egress
