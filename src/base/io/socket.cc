// Between bind and listen nobody can connect, so the mode is set there.
#include "base/io/socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace agentos::io {

namespace {

constexpr int kSoPeerPidfd = 77;  // SO_PEERPIDFD, younger than the C library's headers

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path || path.find('\0') != std::string::npos) {
    return fail(ErrorCode::kInvalidArgument, "cannot use \"" + path + "\" as a socket path",
                "a socket path has 1 to " + std::to_string(sizeof address.sun_path - 1) + " bytes");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Fd new_socket() { return Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

const sockaddr* generic(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

int bind_to(int fd, const sockaddr_un& address) {
  return ::bind(fd, generic(address), sizeof address) == 0 ? 0 : errno;
}

int connect_retrying(int fd, const sockaddr_un& address) {
  int status = 0;
  do {
    status = ::connect(fd, generic(address), sizeof address);
  } while (status != 0 && errno == EINTR);
  return status == 0 ? 0 : errno;
}

// True when `path` is a socket nobody listens on any more. The probe does not block on a full backlog.
bool is_left_behind(const std::string& path, const sockaddr_un& address) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return probe.valid() && connect_retrying(probe.get(), address) == ECONNREFUSED;
}

}  // namespace

Result<Fd> listen_unix(const std::string& path, mode_t mode, int backlog) {
  const sockaddr_un address = TRY(address_of(path));
  Fd listener = new_socket();
  if (!listener.valid()) return fail_errno(errno, "cannot make a socket");
  int error_number = bind_to(listener.get(), address);
  if (error_number == EADDRINUSE && is_left_behind(path, address)) {
    ::unlink(path.c_str());
    error_number = bind_to(listener.get(), address);
  }
  if (error_number == EADDRINUSE) {
    return fail(ErrorCode::kAlreadyExists, "cannot listen at " + path + ": it is in use",
                "stop the other server first");
  }
  if (error_number != 0) return fail_errno(error_number, "cannot listen at " + path);
  if (::chmod(path.c_str(), mode) != 0 || ::listen(listener.get(), backlog) != 0) {
    error_number = errno;
    ::unlink(path.c_str());
    return fail_errno(error_number, "cannot listen at " + path);
  }
  return listener;
}

Result<Fd> connect_unix(const std::string& path) {
  const sockaddr_un address = TRY(address_of(path));
  Fd socket = new_socket();
  if (!socket.valid()) return fail_errno(errno, "cannot make a socket");
  const int error_number = connect_retrying(socket.get(), address);
  if (error_number == ECONNREFUSED) return fail(ErrorCode::kClosed, "nobody listens at " + path);
  if (error_number != 0) return fail_errno(error_number, "cannot connect to " + path);
  return socket;
}

Result<std::pair<Fd, Fd>> socket_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fail_errno(errno, "cannot make a pair of sockets");
  }
  return std::pair(Fd(ends[0]), Fd(ends[1]));
}

Status set_nonblocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
    return fail_errno(errno, "cannot make descriptor " + std::to_string(fd) + " non-blocking");
  }
  return {};
}

Result<std::size_t> send_with_fds(int socket, std::string_view content, std::span<const int> fds) {
  if (content.empty()) return fail(ErrorCode::kInvalidArgument, "descriptors travel with at least one octet");
  if (fds.size() > kDescriptorsMax) {
    return fail(ErrorCode::kInvalidArgument,
                std::to_string(fds.size()) + " descriptors in one message, at most " + std::to_string(kDescriptorsMax));
  }
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kDescriptorsMax)> control{};
  iovec part{const_cast<char*>(content.data()), content.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  }
  while (true) {
    const ssize_t sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno != EINTR) return fail_errno(errno, "cannot send");
  }
}

Result<Received> receive_with_fds(int socket, std::span<char> buffer, std::size_t fds_expected_max) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kDescriptorsMax)> control{};
  iovec part{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t got = -1;
  do {
    got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return fail_errno(errno, "cannot receive");
  Received received;
  received.size = static_cast<std::size_t>(got);
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(header) + i * sizeof number, sizeof number);
      Fd fd(number);
      if (received.fds.size() < fds_expected_max) {
        received.fds.push_back(std::move(fd));
      } else {
        ++received.fds_closed;
      }
    }
  }
  if ((message.msg_flags & MSG_CTRUNC) != 0) ++received.fds_closed;
  return received;
}

Result<PeerCredentials> peer_credentials(int socket) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return fail_errno(errno, "cannot learn who the peer is");
  }
  return PeerCredentials{credentials.pid, credentials.uid, credentials.gid};
}

Result<Fd> peer_pidfd(int socket) {
  int number = -1;
  socklen_t size = sizeof number;
  if (::getsockopt(socket, SOL_SOCKET, kSoPeerPidfd, &number, &size) == 0) return Fd(number);
  if (errno == ENOPROTOOPT) return fail(ErrorCode::kUnsupported, "this Linux gives no pidfd of a peer (6.5 does)");
  return fail_errno(errno == ENODATA ? ESRCH : errno, "cannot get a pidfd of the peer");
}

}  // namespace agentos::io
