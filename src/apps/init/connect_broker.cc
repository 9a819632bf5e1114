// Read the address, take the socket, connect it to ourselves, accept, hand over.
#include "apps/init/connect_broker.h"

#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "lib/egress/arrival.h"

namespace agentos::sandbox {
namespace {

constexpr int kBacklog = 128;
constexpr int kAcceptMs = 200;           // a connection over loopback is there at once
constexpr int kStrangersMax = kBacklog;  // others of the host who connected to the meeting socket

// The address in the caller's memory; 0 or errno.
int read_address(const Caller& caller, egress::Arrival& arrival) {
  sockaddr_in6 raw{};
  const std::uint64_t size = caller.argument(2);
  if (size < sizeof(sockaddr_in) || size > sizeof(sockaddr_storage)) return EINVAL;
  const std::size_t wanted = size < sizeof raw ? size : sizeof raw;
  const ssize_t got = caller.read_memory(caller.argument(1), &raw, wanted);
  if (got < 0) return EACCES;
  if (got != static_cast<ssize_t>(wanted)) return EFAULT;
  if (raw.sin6_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &raw, sizeof v4);
    arrival.family = 4;
    arrival.port = ntohs(v4.sin_port);
    std::memcpy(arrival.address, &v4.sin_addr, sizeof v4.sin_addr);
  } else if (raw.sin6_family == AF_INET6 && got >= 28) {  // the scope may be left out
    arrival.family = 6;
    arrival.port = ntohs(raw.sin6_port);
    std::memcpy(arrival.address, &raw.sin6_addr, sizeof raw.sin6_addr);
  } else {
    return raw.sin6_family == AF_INET6 ? EINVAL : EAFNOSUPPORT;
  }
  return arrival.port == 0 ? ECONNREFUSED : 0;
}

int option(int socket, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(socket, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

// The socket is judged itself, not what the program says of it.
bool is_tcp(int socket) {
  const int domain = option(socket, SO_DOMAIN);
  return (domain == AF_INET || domain == AF_INET6) && option(socket, SO_TYPE) == SOCK_STREAM &&
         option(socket, SO_PROTOCOL) == IPPROTO_TCP;
}

// 0, EINPROGRESS (the program polls), or why not: EINTR where the handshake does not complete, which the program can
// bring about. No option of the socket bounds the wait, since the program can change those meanwhile.
int connect_to(int socket, int meeting) {
  sockaddr_in there{};
  socklen_t size = sizeof there;
  if (::getsockname(meeting, reinterpret_cast<sockaddr*>(&there), &size) != 0) return errno;
  if (option(socket, SO_DOMAIN) == AF_INET) {
    return ::connect(socket, reinterpret_cast<sockaddr*>(&there), sizeof there) == 0 ? 0 : errno;
  }
  sockaddr_in6 mapped{};
  mapped.sin6_family = AF_INET6;
  mapped.sin6_port = there.sin_port;
  mapped.sin6_addr.s6_addr[10] = mapped.sin6_addr.s6_addr[11] = 0xff;
  std::memcpy(&mapped.sin6_addr.s6_addr[12], &there.sin_addr, sizeof there.sin_addr);
  return ::connect(socket, reinterpret_cast<sockaddr*>(&mapped), sizeof mapped) == 0 ? 0 : errno;
}

// As IPv4: the meeting socket is, and a socket of IPv6 connects to it by a mapped address.
bool same_place(const sockaddr_storage& one, const sockaddr_storage& other) {
  const auto as_v4 = [](const sockaddr_storage& address) {
    if (address.ss_family == AF_INET) return reinterpret_cast<const sockaddr_in&>(address);
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    sockaddr_in v4{};
    v4.sin_port = v6.sin6_port;
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) std::memcpy(&v4.sin_addr, &v6.sin6_addr.s6_addr[12], sizeof v4.sin_addr);
    return v4;
  };
  const sockaddr_in a = as_v4(one), b = as_v4(other);
  return a.sin_port == b.sin_port && a.sin_addr.s_addr == b.sin_addr.s_addr;
}

// Our end of the connection that `socket` has just made; whoever else connected is turned away.
int accept_from(int socket, int meeting) {
  sockaddr_storage ours{};
  socklen_t size = sizeof ours;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&ours), &size) != 0) return -1;
  for (int i = 0; i < kStrangersMax; ++i) {
    pollfd watched{meeting, POLLIN, 0};
    if (::poll(&watched, 1, kAcceptMs) != 1) return -1;
    sockaddr_storage theirs{};
    size = sizeof theirs;
    const int accepted = ::accept4(meeting, reinterpret_cast<sockaddr*>(&theirs), &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (accepted >= 0 && same_place(theirs, ours)) return accepted;
    if (accepted >= 0) ::close(accepted);
  }
  return -1;
}

bool hand_over(int channel, const egress::Arrival& arrival, int connection) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof connection)] = {};
  iovec payload{const_cast<egress::Arrival*>(&arrival), sizeof arrival};
  msghdr message{};
  message.msg_iov = &payload;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof connection);
  std::memcpy(CMSG_DATA(head), &connection, sizeof connection);
  return ::sendmsg(channel, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == static_cast<ssize_t>(sizeof arrival);
}

// A network namespace of the program's own begins without its loopback device.
void raise_loopback(int socket) {
  ifreq request{};
  std::memcpy(request.ifr_name, "lo", sizeof "lo");
  if (::ioctl(socket, SIOCGIFFLAGS, &request) != 0 || (request.ifr_flags & IFF_UP) != 0) return;
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  ::ioctl(socket, SIOCSIFFLAGS, &request);
}

}  // namespace

int open_meeting_socket() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (socket >= 0) raise_loopback(socket);
  if (socket < 0 || ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(socket, kBacklog) != 0) {
    const int error = errno;
    if (socket >= 0) ::close(socket);
    errno = error;
    return -1;
  }
  return socket;
}

int ConnectBroker::answer(const Caller& caller) const {
  if (channel_ < 0 || meeting_ < 0) return EACCES;
  egress::Arrival arrival;
  const int unread = read_address(caller, arrival);
  if (unread != 0) return unread;
  arrival.pid = caller.process();
  if (arrival.pid <= 0) return EACCES;
  char link[64];
  std::snprintf(link, sizeof link, "/proc/%d/exe", arrival.pid);
  const ssize_t size = ::readlink(link, arrival.process, egress::kProcessBytesMax);
  arrival.process[size > 0 ? size : 0] = 0;
  const Held socket(caller.take_descriptor(static_cast<int>(caller.argument(0))));
  // NOLINTNEXTLINE(clang-analyzer-unix.Errno): the calls that give no socket set it
  if (socket.get() < 0) return errno == EBADF ? EBADF : EACCES;
  if (!is_tcp(socket.get()) || !caller.alive()) return EACCES;
  const int result = connect_to(socket.get(), meeting_);
  if (result != 0 && result != EINPROGRESS) return result;
  const Held ours(accept_from(socket.get(), meeting_));
  if (ours.get() < 0 || !hand_over(channel_, arrival, ours.get())) return ECONNREFUSED;
  return result;
}

}  // namespace agentos::sandbox
