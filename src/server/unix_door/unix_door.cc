// Opening, adopting and shutting down; the work is the serving thread's.
#include "server/unix_door/unix_door.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "server/unix_door/serving_thread.h"

namespace agentos::unix_door {

Result<std::unique_ptr<UnixDoor>> UnixDoor::open(DoorOptions options, abi::KernelApi& kernel) {
  io::Fd listener;
  if (!options.socket.empty()) listener = TRY(listen_at(options.socket));
  std::string socket = options.socket;
  auto serving = TRY(ServingThread::start(std::move(options), std::move(listener), kernel));
  std::unique_ptr<UnixDoor> door(new UnixDoor(std::move(socket), kernel, std::move(serving)));
  kernel.set_adopter(door.get());
  return door;
}

UnixDoor::UnixDoor(std::string socket, abi::KernelApi& kernel, std::shared_ptr<ServingThread> serving)
    : socket_(std::move(socket)), kernel_(kernel), serving_(std::move(serving)) {}

UnixDoor::~UnixDoor() {
  kernel_.set_adopter(nullptr);
  shutdown();
}

void UnixDoor::shutdown() {
  if (!socket_.empty()) ::unlink(socket_.c_str());
  socket_.clear();
  serving_->stop();
}

Status UnixDoor::adopt(io::Fd socket, std::shared_ptr<abi::Session> session) {
  int kind = 0;
  socklen_t size = sizeof kind;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_TYPE, &kind, &size) != 0) return fail_errno(errno, "cannot adopt");
  if (kind != SOCK_STREAM) return fail(ErrorCode::kInvalidArgument, "only a stream socket can be served");
  if (serving_->stopped()) return fail(ErrorCode::kClosed, "the door is closed");
  // Agents' connections cost two descriptors each at most; what is left is for operators, who must always get in.
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
      2 * serving_->connections() + kDescriptorsReserve >= limit.rlim_cur) {
    return fail(abi::error::busy, "the kernel serves as many connections as it has descriptors for", "close some");
  }
  serving_->add_agent(std::move(socket), std::move(session));
  return {};
}

std::size_t UnixDoor::connections() const { return serving_->connections(); }

}  // namespace agentos::unix_door
