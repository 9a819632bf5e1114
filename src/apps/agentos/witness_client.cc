// HTTP/1.0, so that the answer ends where the connection does and is never in chunks.
#include "apps/agentos/witness_client.h"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/io/fd.h"
#include "base/io/socket.h"
#include "base/tls/tls_client.h"
#include "lib/egress/response_head.h"

namespace agentos::cli {
namespace {

constexpr std::size_t kHostSizeMax = 253;
constexpr std::size_t kPortSizeMax = 5;
constexpr std::size_t kAnswerReadBytes = 16 * 1024;

bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= kHostSizeMax && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
  });
}

bool is_port(std::string_view port) {
  return !port.empty() && port.size() <= kPortSizeMax &&
         std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_prefix(std::string_view prefix) {
  return std::ranges::all_of(prefix, [](char c) { return c > ' ' && c < '\x7f' && c != '?' && c != '#'; });
}

// A stream of octets to one server, with or without TLS.
class Connection {
 public:
  static Result<Connection> open(const WitnessAddress& to, const std::string& trust_file) {
    Connection connection;
    connection.name_ = to.host + ":" + to.port;
    TRY(connection.connect(to));
    if (to.secure) {
      connection.context_ = TRY(tls::ClientContext::make(trust_file));
      connection.tls_ = TRY(connection.context_->begin(to.host));
    }
    return connection;
  }

  Status send(std::string_view octets) {
    if (tls_ == nullptr) return send_plain(octets);
    tls_->send(octets);
    return send_pending();
  }

  // What came next; empty at the end.
  Result<std::string> receive() {
    for (std::string plain;;) {
      std::string octets = TRY(receive_plain());
      if (tls_ == nullptr) return octets;
      if (octets.empty() && tls_->ready()) return std::string();
      if (octets.empty()) return ended_early();
      const Status received = tls_->receive(octets);
      TRY(send_pending());
      if (!received) return std::unexpected(received.error());
      tls_->take_input(plain);
      if (!plain.empty() || tls_->ended()) return plain;
    }
  }

 private:
  std::unexpected<Error> failed(std::string_view what, int error_number) const {
    return fail_errno(error_number, fmt::format("cannot {} the witness {}", what, name_));
  }
  std::unexpected<Error> ended_early() const {
    return fail(ErrorCode::kIo, fmt::format("the witness {} ended the connection before it said anything", name_));
  }

  Status connect(const WitnessAddress& to) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int code = ::getaddrinfo(to.host.c_str(), to.port.c_str(), &hints, &found); code != 0)
      return fail(ErrorCode::kIo, fmt::format("cannot find the witness {}: {}", name_, ::gai_strerror(code)),
                  "look at its URL");
    Status last = failed("reach", ECONNREFUSED);
    for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
      socket_ = io::Fd(::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      if (!socket_.valid()) continue;
      if (::connect(socket_.get(), address->ai_addr, address->ai_addrlen) != 0 && errno != EINPROGRESS) {
        last = failed("reach", errno);
        continue;
      }
      last = finish_connect();
      if (last) break;
    }
    ::freeaddrinfo(found);
    return last;
  }

  Status finish_connect() {
    TRY(wait(POLLOUT));
    int error = 0;
    socklen_t size = sizeof(error);
    if (::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    return error == 0 ? Status{} : failed("reach", error);
  }

  Status wait(short events) {
    pollfd one{socket_.get(), events, 0};
    for (;;) {
      const int ready = ::poll(&one, 1, kWitnessTimeoutMs);
      if (ready > 0) return {};
      if (ready == 0)
        return fail(ErrorCode::kTimedOut,
                    fmt::format("the witness {} says nothing for {} s", name_, kWitnessTimeoutMs / 1000));
      if (errno != EINTR) return failed("wait for", errno);
    }
  }

  Status send_pending() {
    std::string octets;
    tls_->take_output(octets);
    return send_plain(octets);
  }

  Status send_plain(std::string_view octets) {
    while (!octets.empty()) {
      TRY(wait(POLLOUT));
      const ssize_t sent = ::send(socket_.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
      if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (sent < 0) return failed("write to", errno);
      octets.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
  }

  Result<std::string> receive_plain() {
    std::string octets(kAnswerReadBytes, '\0');
    for (;;) {
      TRY(wait(POLLIN));
      const ssize_t got = ::recv(socket_.get(), octets.data(), octets.size(), 0);
      if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (got < 0) return failed("read from", errno);
      octets.resize(static_cast<std::size_t>(got));
      return octets;
    }
  }

  std::string name_;
  io::Fd socket_;
  std::unique_ptr<tls::ClientContext> context_;
  std::unique_ptr<tls::Client> tls_;
};

}  // namespace

Result<WitnessAddress> parse_witness_url(std::string_view url) {
  const auto refused = [&](const char* why) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("the witness's URL is not one to be asked: {}", why),
                "write it as https://witness.example/prefix");
  };
  WitnessAddress address;
  if (url.starts_with("https://")) {
    url.remove_prefix(8);
  } else if (url.starts_with("http://")) {
    address.secure = false;
    url.remove_prefix(7);
  } else {
    return refused("it begins with neither https:// nor http://");
  }
  const std::string_view authority = url.substr(0, url.find('/'));
  std::string_view prefix = url.substr(authority.size());
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  const auto colon = authority.find(':');
  address.host = authority.substr(0, colon);
  address.port = colon == authority.npos ? (address.secure ? "443" : "80") : std::string(authority.substr(colon + 1));
  address.prefix = prefix;
  if (!is_host(address.host)) return refused("it names no host");
  if (!is_port(address.port)) return refused("its port is no number");
  if (!is_prefix(address.prefix)) return refused("its path holds what a path may not");
  return address;
}

Result<recorder::WitnessAnswer> ask_witness(const WitnessAddress& witness, std::string_view request,
                                            const std::string& trust_file) {
  Connection connection = TRY(Connection::open(witness, trust_file));
  TRY(
      connection.send(fmt::format("POST {}/add-checkpoint HTTP/1.0\r\nHost: {}:{}\r\nUser-Agent: agentos\r\n"
                                  "Content-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\r\n{}",
                                  witness.prefix, witness.host, witness.port, request.size(), request)));
  std::string octets;
  for (;;) {
    const std::string more = TRY(connection.receive());
    if (more.empty()) break;
    octets += more;
    if (octets.size() > kWitnessAnswerBytesMax)
      return fail(ErrorCode::kTooLarge,
                  fmt::format("the witness {} answers with more than {} octets", witness.host, kWitnessAnswerBytesMax));
  }
  const auto end = octets.find("\r\n\r\n");
  if (end == octets.npos)
    return fail(ErrorCode::kMalformed, fmt::format("the witness {} did not answer with HTTP", witness.host));
  const auto head = TRY(egress::read_response_head(std::string_view(octets).substr(0, end + 4), "POST"));
  recorder::WitnessAnswer answer{head.status, octets.substr(end + 4)};
  const bool whole = head.framing != egress::Framing::kLength || answer.body.size() == head.length;
  if (!whole || head.framing == egress::Framing::kChunked)
    return fail(ErrorCode::kMalformed, fmt::format("the witness {} did not answer to the end", witness.host));
  return answer;
}

}  // namespace agentos::cli
