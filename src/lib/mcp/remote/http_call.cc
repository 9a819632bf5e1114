// See http_call.h.
#include "lib/mcp/remote/http_call.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "lib/egress/request_head.h"
#include "lib/egress/response_head.h"

namespace agentos::mcp_remote {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} << 10;
constexpr std::string_view kHttp = "http://";
constexpr std::string_view kHttps = "https://";

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

}  // namespace

Result<Url> read_url(std::string_view text) {
  const auto bad = [text](const std::string& why) {
    return fail(ErrorCode::kInvalidArgument, "\"" + std::string(text) + "\" is no URL of a server: " + why,
                "write https://HOST[:PORT]/PATH");
  };
  Url url;
  url.tls = text.starts_with(kHttps);
  if (!url.tls && !text.starts_with(kHttp)) return bad("it does not start with https:// or http://");
  std::string_view rest = text.substr(url.tls ? kHttps.size() : kHttp.size());
  rest = rest.substr(0, rest.find('#'));
  const std::size_t slash = rest.find_first_of("/?");
  const std::uint16_t port_default = url.tls ? 443 : 80;
  auto authority = egress::read_authority(rest.substr(0, slash), port_default);
  if (!authority) return bad(authority.error().message);
  url.host = authority->host;
  url.port = authority->port;
  url.authority = egress::write_authority(url.host, url.port, port_default);
  if (slash != std::string_view::npos)
    url.path = std::string(rest[slash] == '?' ? "/" : "") + std::string(rest.substr(slash));
  for (const char c : url.path) {
    if (c <= 0x20 || c >= 0x7f) return bad("its path holds an octet that must be escaped");
  }
  return url;
}

std::string_view Response::field(std::string_view name) const {
  for (const mcp::HeaderField& one : fields) {
    if (egress::same_name(one.name, name)) return one.value;
  }
  return {};
}

std::shared_ptr<HttpCall> HttpCall::start(io::Loop& loop, const tls::ClientContext* tls, const Url& url,
                                          std::string_view method, const std::vector<mcp::HeaderField>& fields,
                                          std::string_view body, Listener listener) {
  std::shared_ptr<HttpCall> call(new HttpCall(loop, std::move(listener)));
  call->method_ = method;
  std::string text = std::string(method) + " " + url.path + " HTTP/1.1\r\nHost: " + url.authority + "\r\n";
  for (const mcp::HeaderField& field : fields) text += field.name + ": " + field.value + "\r\n";
  if (method == "POST") text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  text += "Connection: close\r\n\r\n";
  text += body;
  if (Status connected = call->connect(tls, url); !connected) {
    call->finish_later(std::move(connected));
    return call;
  }
  if (call->tls_ != nullptr) {
    call->tls_->send(text);
    call->tls_->take_output(call->out_);
  } else {
    call->out_ = std::move(text);
  }
  return call;
}

Status HttpCall::connect(const tls::ClientContext* tls, const Url& url) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(url.host.c_str(), std::to_string(url.port).c_str(), &hints, &found);
  const std::unique_ptr<addrinfo, FreeAddresses> list(found);
  if (failed != 0) return fail(ErrorCode::kIo, url.host + " has no address: " + ::gai_strerror(failed));
  int error = EADDRNOTAVAIL;
  for (const addrinfo* one = list.get(); one != nullptr && !socket_.valid(); one = one->ai_next) {
    io::Fd socket(::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.valid()) continue;
    if (::connect(socket.get(), one->ai_addr, one->ai_addrlen) == 0 || errno == EINPROGRESS) {
      socket_ = std::move(socket);
    } else {
      error = errno;
    }
  }
  if (!socket_.valid()) return fail_errno(error, "cannot connect to " + url.authority);
  const int yes = 1;
  (void)::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (url.tls) {
    if (tls == nullptr) return fail(ErrorCode::kUnsupported, "there are no trusted certificates for " + url.authority);
    tls_ = TRY(tls->begin(url.host));
    TRY(tls_->receive({}));  // begins the handshake
  }
  timer_ = loop_.after_ms(kConnectMs, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    self->timer_ = 0;
    self->finish(fail(ErrorCode::kTimedOut, "the server could not be connected to in time"));
  });
  return loop_.add(socket_.get(), EPOLLIN | EPOLLOUT, [weak = weak_from_this()](std::uint32_t events) {
    if (const auto self = weak.lock()) self->ready(events);
  });
}

HttpCall::~HttpCall() { close(); }

void HttpCall::close() {
  if (std::exchange(ended_, true)) return;
  if (timer_ != 0) loop_.cancel(std::exchange(timer_, 0));
  if (socket_.valid()) (void)loop_.remove(socket_.get());
  socket_.reset();
  listener_ = {};
}

void HttpCall::finish(Status status) {
  if (ended_) return;
  const auto end = std::move(listener_.end);
  close();
  if (end) end(std::move(status));
}

void HttpCall::finish_later(Status status) {
  loop_.post([self = shared_from_this(), status = std::move(status)]() mutable { self->finish(std::move(status)); });
}

void HttpCall::ready(std::uint32_t events) {
  const auto keep = shared_from_this();
  if (!connected_) {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
      return finish(fail_errno(error, "cannot connect"));
    }
    if ((events & EPOLLOUT) == 0) return;
    connected_ = true;
    if (timer_ != 0) loop_.cancel(std::exchange(timer_, 0));
  }
  if ((events & EPOLLOUT) != 0) flush();
  if (ended_ || (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
  if (Status read = read_some(); !read && !ended_) finish(std::move(read));
}

void HttpCall::flush() {
  while (sent_ < out_.size()) {
    const ssize_t written =
        ::send(socket_.get(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    sent_ += static_cast<std::size_t>(written);
  }
  if (sent_ == out_.size()) {
    out_.clear();
    sent_ = 0;
  }
  const bool wants = !out_.empty();
  if (wants == writes_) return;
  writes_ = wants;
  (void)loop_.modify(socket_.get(), wants ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

Status HttpCall::read_some() {
  thread_local std::array<char, kReadBytes> buffer;
  for (;;) {
    // NOLINTNEXTLINE(clang-analyzer-unix.BlockInCriticalSection): the descriptor does not block
    const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return {};
    if (size < 0) return fail_errno(errno, "the connection broke");
    if (size == 0) {
      const bool whole = has_head_ && (meter_.done() || meter_.ends_with_connection());
      finish(whole ? Status{}
                   : fail(ErrorCode::kClosed, "the server closed the connection in the middle of its answer"));
      return {};
    }
    const std::string_view octets(buffer.data(), static_cast<std::size_t>(size));
    if (tls_ == nullptr) {
      input_ += octets;
    } else {
      Status taken = tls_->receive(octets);
      tls_->take_input(input_);
      tls_->take_output(out_);
      flush();
      if (!taken) return taken;
    }
    TRY(take_input());
    if (ended_) return {};
  }
}

Status HttpCall::take_input() {
  while (!has_head_) {
    const std::size_t size = TRY(egress::head_size(input_));
    if (size == 0) return {};
    const std::string head = input_.substr(0, size);
    input_.erase(0, size);
    const egress::ResponseHead read = TRY(egress::read_response_head(head, method_));
    if (read.interim) continue;
    has_head_ = true;
    meter_ = egress::BodyMeter(read.framing, read.length);
    Response response;
    response.status = read.status;
    for (const egress::Field& field : read.fields) {
      response.fields.push_back({std::string(field.name), std::string(field.value)});
    }
    if (const auto tell = listener_.head) tell(response);
    if (ended_) return {};
  }
  std::string content;
  const std::size_t taken = TRY(meter_.take_into(input_, &content));
  input_.erase(0, taken);
  if (!content.empty()) {
    if (const auto tell = listener_.body) tell(content);
  }
  if (!ended_ && meter_.done()) finish({});
  return {};
}

}  // namespace agentos::mcp_remote
