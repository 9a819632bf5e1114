// Making the listening socket: for the owner only, and never over the socket of a process that still listens.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "server/unix_door/unix_door.h"

namespace agentos::unix_door {
namespace {

constexpr int kBacklog = 512;

Status make_directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos || slash == 0) return {};
  const std::string directory = path.substr(0, slash);
  if (::mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST) return {};
  if (errno != ENOENT) return fail_errno(errno, "cannot create " + directory);
  TRY(make_directory_of(directory));
  if (::mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return fail_errno(errno, "cannot create " + directory);
}

bool somebody_listens(const sockaddr_un& address) {
  io::Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe.valid()) return true;
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return true;
  return errno != ECONNREFUSED && errno != ENOENT;
}

}  // namespace

Result<io::Fd> listen_at(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return fail(ErrorCode::kInvalidArgument, "a socket's path must have 1 to 107 octets: " + path,
                "choose a shorter one with --socket");
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  TRY(make_directory_of(path));
  // The lock makes "nobody listens, so replace it" one step among processes that start at once.
  const std::string lock_path = path + ".lock";
  io::Fd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.valid()) return fail_errno(errno, "cannot open " + lock_path);
  if (::flock(lock.get(), LOCK_EX) != 0) return fail_errno(errno, "cannot lock " + lock_path);
  struct stat found{};
  if (::lstat(path.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode)) return fail(ErrorCode::kAlreadyExists, path + " is there and is no socket");
    if (somebody_listens(address)) {
      return fail(ErrorCode::kBusy, "another kernel listens on " + path, "stop it, or choose another --socket");
    }
    ::unlink(path.c_str());
  }
  io::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) return fail_errno(errno, "cannot make a socket");
  ::fchmod(socket.get(), 0600);  // Linux gives the file this mode at bind, so it is never open to others
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail_errno(errno, "cannot bind " + path);
  }
  if (::chmod(path.c_str(), 0600) != 0) return fail_errno(errno, "cannot set the mode of " + path);
  if (::listen(socket.get(), kBacklog) != 0) return fail_errno(errno, "cannot listen on " + path);
  return socket;
}

}  // namespace agentos::unix_door
