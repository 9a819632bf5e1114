// What a stand-in stands for is its count: a program that changes it changes a word of the record.
#include "apps/init/socket_refusals.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace agentos::sandbox {
namespace {

enum StandIn : unsigned { kNoStandIn, kStream, kDatagram };
constexpr int kTypeMask = 0xF;
constexpr std::size_t kTextMax = 256;
// Asked by the C library of every program that looks a user up.
constexpr const char* kNameCache = "/var/run/nscd/socket";

StandIn stand_in_for(int family, int type, int protocol) {
  if (family == AF_UNIX && protocol == 0) return type == SOCK_DGRAM ? kDatagram : kStream;
  if (family != AF_INET && family != AF_INET6) return kNoStandIn;
  if (type == SOCK_STREAM && (protocol == 0 || protocol == IPPROTO_TCP)) return kStream;
  if (type == SOCK_DGRAM && (protocol == 0 || protocol == IPPROTO_UDP)) return kDatagram;
  return kNoStandIn;
}

void describe_kind(int family, int type, int protocol, char (&text)[kTextMax]) {
  const char* name = nullptr;
  if (family == AF_NETLINK) name = "netlink";
  if (family == AF_PACKET) name = "packet";
  if (family == AF_VSOCK) name = "vsock";
  if (family == AF_ALG) name = "alg";
  if (family == AF_INET) name = type == SOCK_RAW ? "raw ipv4" : "ipv4";
  if (family == AF_INET6) name = type == SOCK_RAW ? "raw ipv6" : "ipv6";
  if (name != nullptr) {
    std::snprintf(text, sizeof text, "%s, protocol %d", name, protocol);
  } else {
    std::snprintf(text, sizeof text, "family %d, type %d, protocol %d", family, type, protocol);
  }
}

const char* transport_of(const Caller& caller) {
  char path[64], text[512];
  std::snprintf(path, sizeof path, "/proc/%u/fdinfo/%d", caller.thread(), static_cast<int>(caller.argument(0)));
  const Held file(::open(path, O_RDONLY | O_CLOEXEC));
  const ssize_t size = file.get() < 0 ? -1 : ::read(file.get(), text, sizeof text - 1);
  if (size <= 0) return "socket";
  text[size] = 0;
  const char* count = std::strstr(text, "eventfd-count:");
  if (count == nullptr) return "tcp";  // of programs with a network: their only sockets
  return std::strtoul(count + std::strlen("eventfd-count:"), nullptr, 16) == kDatagram ? "udp" : "tcp";
}

// False: nothing to tell of.
bool describe_address(const Caller& caller, int address_argument, char (&text)[kTextMax]) {
  sockaddr_storage raw{};
  const std::uint64_t given = caller.argument(address_argument + 1);
  if (given < sizeof(sa_family_t) || given > sizeof raw) return false;
  const ssize_t size = caller.read_memory(caller.argument(address_argument), &raw, given);
  if (size != static_cast<ssize_t>(given)) return false;
  char number[INET6_ADDRSTRLEN];
  if (raw.ss_family == AF_INET && given >= sizeof(sockaddr_in)) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(raw);
    ::inet_ntop(AF_INET, &v4.sin_addr, number, sizeof number);
    std::snprintf(text, sizeof text, "%s %s:%u", transport_of(caller), number, ntohs(v4.sin_port));
    return true;
  }
  if (raw.ss_family == AF_INET6 && given >= offsetof(sockaddr_in6, sin6_scope_id)) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(raw);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, number, sizeof number);
    std::snprintf(text, sizeof text, "%s [%s]:%u", transport_of(caller), number, ntohs(v6.sin6_port));
    return true;
  }
  if (raw.ss_family != AF_UNIX) return false;
  const auto& local = reinterpret_cast<const sockaddr_un&>(raw);
  const std::size_t offset = offsetof(sockaddr_un, sun_path);
  const std::size_t room = given > sizeof local ? sizeof local.sun_path : given - offset;
  if (given <= offset || room == 0) return false;
  const bool abstract = local.sun_path[0] == 0;
  const int count = static_cast<int>(abstract ? room - 1 : ::strnlen(local.sun_path, room));
  if (!abstract && std::strncmp(local.sun_path, kNameCache, room) == 0) return false;
  std::snprintf(text, sizeof text, "unix %s%.*s", abstract ? "@" : "", count, local.sun_path + (abstract ? 1 : 0));
  return true;
}

}  // namespace

bool give_stand_in(int listener, const seccomp_notif& notification, const Caller& caller, BlockedCalls& blocked) {
  const int family = static_cast<int>(caller.argument(0));
  const int type = static_cast<int>(caller.argument(1));
  const int protocol = static_cast<int>(caller.argument(2));
  const StandIn kind = stand_in_for(family, type & kTypeMask, protocol);
  if (kind == kNoStandIn) {
    char text[kTextMax];
    describe_kind(family, type & kTypeMask, protocol, text);
    blocked.add(Attempt::kSocket, text, caller);
    return false;
  }
  const Held stand_in(::eventfd(kind, EFD_CLOEXEC | ((type & SOCK_NONBLOCK) != 0 ? EFD_NONBLOCK : 0)));
  if (stand_in.get() < 0) return false;
  seccomp_notif_addfd gift{};
  gift.id = notification.id;
  gift.flags = SECCOMP_ADDFD_FLAG_SEND;  // and answers the call with its number
  gift.srcfd = static_cast<std::uint32_t>(stand_in.get());
  gift.newfd_flags = (type & SOCK_CLOEXEC) != 0 ? O_CLOEXEC : 0;
  return ::ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &gift) >= 0;
}

void note_address(const Caller& caller, BlockedCalls& blocked) {
  if (!blocked.is_of_program(caller)) return;
  char text[kTextMax];
  const bool message = caller.number() == SYS_sendto;
  if (!describe_address(caller, message ? 4 : 1, text)) return;
  blocked.add(caller.number() == SYS_bind ? Attempt::kListen : Attempt::kConnect, text, caller);
}

}  // namespace agentos::sandbox
