// See listener.h.
#include "server/mcp_door/http/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "server/mcp_door/http/answers.h"

namespace agentos::mcp_http {
namespace {

constexpr int kBacklog = 128;
constexpr int kAcceptsMax = 64;  // at once

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Result<Address> address_of(const Place& place) {
  Address out;
  if (place.host.find(':') != std::string::npos) {
    auto* six = reinterpret_cast<sockaddr_in6*>(&out.storage);
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(place.port);
    out.size = sizeof(sockaddr_in6);
    if (::inet_pton(AF_INET6, place.host.c_str(), &six->sin6_addr) == 1) return out;
  } else {
    auto* four = reinterpret_cast<sockaddr_in*>(&out.storage);
    four->sin_family = AF_INET;
    four->sin_port = htons(place.port);
    out.size = sizeof(sockaddr_in);
    if (::inet_pton(AF_INET, place.host.c_str(), &four->sin_addr) == 1) return out;
  }
  return fail(ErrorCode::kInvalidArgument, "\"" + place.host + "\" is no address to listen at",
              "write an address of this machine: 127.0.0.1, [::1], 0.0.0.0");
}

bool is_loopback(const Address& address) {
  if (address.storage.ss_family == AF_INET6) {
    const auto* six = reinterpret_cast<const sockaddr_in6*>(&address.storage);
    return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
  }
  const auto* four = reinterpret_cast<const sockaddr_in*>(&address.storage);
  return (ntohl(four->sin_addr.s_addr) >> 24) == 127;
}

}  // namespace

Result<Place> read_place(std::string_view text) {
  Place place;
  const std::size_t colon = text.rfind(':');
  const bool bare_six = !text.starts_with('[') && text.find(':') != colon;
  std::string_view port = text;
  if (colon != std::string_view::npos) {
    if (bare_six) {
      return fail(ErrorCode::kInvalidArgument, "\"" + std::string(text) + "\" is no [HOST:]PORT",
                  "an IPv6 address stands in brackets: [::1]:8080");
    }
    std::string_view host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    place.host = host == "localhost" ? "127.0.0.1" : std::string(host);
  }
  std::uint32_t number = 0;
  const bool digits = !port.empty() && port.size() <= 5 &&
                      std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (digits) {
    for (const char c : port) number = number * 10 + static_cast<std::uint32_t>(c - '0');
  }
  if (!digits || number > 65535) {
    return fail(ErrorCode::kInvalidArgument, "\"" + std::string(text) + "\" is no [HOST:]PORT",
                "write a port from 0 to 65535 (0: any that is free), or 127.0.0.1:8080");
  }
  place.port = static_cast<std::uint16_t>(number);
  const Address address = TRY(address_of(place));
  place.loopback = is_loopback(address);
  place.wildcard = place.host == "0.0.0.0" || place.host == "::";
  return place;
}

Result<std::unique_ptr<Listener>> Listener::open(io::Loop& loop, const Clock& clock, const Limits& limits,
                                                 Service& service, const Place& place, const tls::ServerContext* tls) {
  Address address = TRY(address_of(place));
  std::unique_ptr<Listener> out(new Listener(loop, clock, limits, service, tls));
  out->socket_ = io::Fd(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!out->socket_.valid()) return fail_errno(errno, "cannot make a socket");
  const int yes = 1;
  (void)::setsockopt(out->socket_.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const std::string where = place.host + " port " + std::to_string(place.port);
  if (::bind(out->socket_.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0 ||
      ::listen(out->socket_.get(), kBacklog) != 0) {
    if (errno == EADDRINUSE) {
      return fail(ErrorCode::kBusy, "another program listens at " + where, "choose another port, or 0 for a free one");
    }
    return fail_errno(errno, "cannot listen at " + where);
  }
  if (::getsockname(out->socket_.get(), reinterpret_cast<sockaddr*>(&address.storage), &address.size) != 0) {
    return fail_errno(errno, "cannot listen at " + where);
  }
  out->port_ =
      ntohs(address.storage.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_port
                                                  : reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port);
  TRY(loop.add(out->socket_.get(), EPOLLIN, [self = out.get()](std::uint32_t) { self->accept_all(); }));
  out->timer_ = loop.after_ms(kTickMs, [self = out.get()] { self->tick(); });
  return out;
}

Listener::~Listener() { close(); }

void Listener::close() {
  if (timer_ != 0) loop_.cancel(std::exchange(timer_, 0));
  if (socket_.valid()) (void)loop_.remove(socket_.get());
  socket_.reset();
  for (const auto& [key, connection] : std::exchange(connections_, {})) connection->close();
}

void Listener::accept_all() {
  for (int i = 0; i < kAcceptsMax; ++i) {
    io::Fd client(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!client.valid()) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) return;
      (void)loop_.modify(socket_.get(), 0);
      loop_.after_ms(kAcceptPauseMs, [this, alive = std::weak_ptr(alive_)] {
        if (alive.lock() != nullptr && socket_.valid()) (void)loop_.modify(socket_.get(), EPOLLIN);
      });
      return;
    }
    if (connections_.size() >= limits_.connections) {
      if (tls_ != nullptr) continue;
      const std::string answer = write_answer(error_answer(503, "too many connections"), Keep::kClose, false);
      (void)::send(client.get(), answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      continue;
    }
    const int yes = 1;
    (void)::setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    std::unique_ptr<tls::Server> secured;
    if (tls_ != nullptr) {
      auto begun = tls_->begin();
      if (!begun) continue;
      secured = std::move(*begun);
    }
    auto connection =
        std::make_shared<Connection>(loop_, clock_, limits_, service_, std::move(client), std::move(secured));
    connections_.emplace(connection.get(), connection);
    // The entry goes later: the connection may be in the middle of something.
    const Status started =
        connection->start([this, key = connection.get(), alive = std::weak_ptr(alive_), &loop = loop_] {
          loop.post([this, key, alive] {
            if (alive.lock() != nullptr) connections_.erase(key);
          });
        });
    if (!started) connections_.erase(connection.get());
  }
}

void Listener::tick() {
  const std::int64_t now_ms = clock_.monotonic_ns() / 1'000'000;
  std::vector<std::shared_ptr<Connection>> all;
  all.reserve(connections_.size());
  for (const auto& [key, connection] : connections_) all.push_back(connection);
  for (const auto& connection : all) connection->tick(now_ms);
  service_.tick(now_ms);
  timer_ = loop_.after_ms(kTickMs, [this] { tick(); });
}

}  // namespace agentos::mcp_http
