// One query is one socket with a port of its own and a random number; A and AAAA are asked at once.
#include "apps/egress/resolver.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "apps/egress/socket_address.h"
#include "lib/egress/dns_message.h"

namespace agentos::egress {
namespace {

class Query : public std::enable_shared_from_this<Query> {
 public:
  Query(io::Loop& loop, const Settings& settings, Random& random, std::string name, Resolver::Done done)
      : loop_(loop), settings_(settings), random_(random), name_(std::move(name)), done_(std::move(done)) {}
  ~Query() { close(); }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  void ask() {
    close();
    if (attempt_ >= settings_.name_servers.size() * kRoundsMax) {
      return finish(fail(ErrorCode::kTimedOut, "no name server answered about " + name_));
    }
    const Endpoint& server = settings_.name_servers[attempt_++ % settings_.name_servers.size()];
    const SocketAddress address(server);
    socket_ = io::Fd(::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket_.valid() || ::connect(socket_.get(), address.get(), address.size()) != 0) return ask();
    std::array<std::byte, 4> numbers;
    random_.fill(numbers);
    std::memcpy(ids_.data(), numbers.data(), sizeof ids_);
    answered_ = {false, false};
    for (std::size_t i = 0; i < 2; ++i) {
      const std::string query = write_dns_query(ids_[i], name_, kTypes[i]);
      (void)!::send(socket_.get(), query.data(), query.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    auto self = shared_from_this();
    if (!loop_.add(socket_.get(), EPOLLIN, [self](std::uint32_t) { self->hear(); })) return ask();
    timer_ = loop_.after_ms(kQueryMs, [self] {
      self->timer_ = 0;
      self->found_[0].empty() && self->found_[1].empty() ? self->ask() : self->finish_found();
    });
  }

 private:
  static constexpr std::array<DnsType, 2> kTypes = {DnsType::kA, DnsType::kAaaa};

  void close() {
    if (socket_.valid()) (void)loop_.remove(socket_.get());
    socket_.reset();
    if (timer_ != 0) loop_.cancel(timer_);
    timer_ = 0;
  }

  void hear() {
    auto self = shared_from_this();  // closing drops the loop's hold
    std::array<char, kDnsMessageBytesMax> octets;
    const ssize_t got = ::recv(socket_.get(), octets.data(), octets.size(), MSG_DONTWAIT);
    if (got < 0) return errno == EAGAIN || errno == EINTR ? void() : ask();
    for (std::size_t i = 0; i < 2; ++i) {
      if (answered_[i]) continue;
      const auto answer = read_dns_answer({octets.data(), static_cast<std::size_t>(got)}, ids_[i], name_, kTypes[i]);
      if (!answer) continue;
      if (answer->code == DnsCode::kServerFailure || answer->truncated) return ask();
      answered_[i] = true;
      found_[i] = answer->addresses;
    }
    if (answered_[0] && answered_[1]) finish_found();
  }

  void finish_found() {
    std::vector<net::IpAddress> all = found_[0];
    for (const net::IpAddress& address : found_[1]) {
      if (all.size() < kAddressesMax) all.push_back(address);
    }
    if (all.empty()) return finish(fail(ErrorCode::kNotFound, name_ + " has no address"));
    finish(std::move(all));
  }

  void finish(Result<std::vector<net::IpAddress>> result) {
    auto self = shared_from_this();
    close();
    if (auto done = std::exchange(done_, nullptr)) done(std::move(result));
  }

  io::Loop& loop_;
  const Settings& settings_;
  Random& random_;
  const std::string name_;
  Resolver::Done done_;
  io::Fd socket_;
  io::Loop::TimerId timer_ = 0;
  std::size_t attempt_ = 0;
  std::array<std::uint16_t, 2> ids_{};
  std::array<bool, 2> answered_{};
  std::array<std::vector<net::IpAddress>, 2> found_;
};

}  // namespace

void Resolver::resolve(const std::string& name, Done done) {
  if (const auto known = settings_.hosts.find(name); known != settings_.hosts.end()) return done(known->second);
  if (settings_.name_servers.empty()) {
    return done(fail(ErrorCode::kNotFound, "no name server is known, so " + name + " has no address"));
  }
  std::make_shared<Query>(loop_, settings_, random_, name, std::move(done))->ask();
}

}  // namespace agentos::egress
