// Unix stream sockets: listening with a mode and no race, passing descriptors, and who the peer is (unix(7)).
//
// Every descriptor made or received here is close-on-exec. Sending to a closed peer is kClosed, never a signal.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/io/fd.h"

namespace agentos::io {

inline constexpr std::size_t kDescriptorsMax = 8;  // in one message

// A listening socket at `path` with exactly `mode`. A path left behind by a server that is gone is replaced; where a
// server still listens, or something that is not a socket stands, kAlreadyExists. Servers that may start at the same
// moment need a lock of their own: between bind and listen one looks as if it were gone.
Result<Fd> listen_unix(const std::string& path, mode_t mode, int backlog);
Result<Fd> connect_unix(const std::string& path);
Result<std::pair<Fd, Fd>> socket_pair();
Status set_nonblocking(int fd);

// Octets of `content` sent (at least 1); the descriptors go with the first of them. They stay the caller's. kBusy when
// the socket would block. Precondition: content is not empty; at most kDescriptorsMax descriptors (kInvalidArgument).
Result<std::size_t> send_with_fds(int socket, std::string_view content, std::span<const int> fds);

struct Received {
  std::size_t size = 0;        // octets in the buffer; 0 when the peer closed
  std::vector<Fd> fds;         // at most as many as expected
  std::size_t fds_closed = 0;  // came beyond the expected and were closed; at least 1 when the system dropped any
};
// kBusy when nothing is there and the socket does not block.
Result<Received> receive_with_fds(int socket, std::span<char> buffer, std::size_t fds_expected_max);

struct PeerCredentials {  // of the process that connected, or made the pair, as it was then (SO_PEERCRED)
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};
Result<PeerCredentials> peer_credentials(int socket);
// A pidfd of that process, immune to reuse of its number. kUnsupported before Linux 6.5; kNotFound when it is gone.
Result<Fd> peer_pidfd(int socket);

}  // namespace agentos::io
