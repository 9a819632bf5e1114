// One seccomp notification: received, answered, sent back. Only executions and openings go on; they are not decided
// here.
#include "apps/init/filter_questions.h"

#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "apps/init/socket_refusals.h"

namespace agentos::sandbox {
namespace {

// Linux 6.6: the caller runs on the same processor right after the answer. Older ones refuse it, which is all right.
constexpr unsigned long kSetFlags = SECCOMP_IOW(4, __u64);
constexpr unsigned long kWakeUpInTurn = 1;

}  // namespace

void FilterQuestions::listen(int listener) {
  listener_ = listener;
  ::ioctl(listener, kSetFlags, kWakeUpInTurn);
}

void FilterQuestions::close() {
  if (listener_ >= 0) ::close(listener_);
  listener_ = -1;
  metadata_.close();
}

int FilterQuestions::connect(const Caller& caller) {
  const bool proxied = (plan_.header.flags & kProxied) != 0;
  const int answer = proxied ? connections_.answer(caller) : EACCES;
  if (answer != EACCES && answer != EAFNOSUPPORT) return answer;
  note_address(caller, blocked_);
  return EACCES;
}

void FilterQuestions::answer_one() {
  seccomp_notif notification{};
  if (::ioctl(listener_, SECCOMP_IOCTL_NOTIF_RECV, &notification) != 0) return;
  const Caller caller(listener_, notification);
  seccomp_notif_resp response{};
  response.id = notification.id;
  switch (caller.number()) {
    case SYS_execve:
    case SYS_execveat:
    case SYS_openat:
#ifdef __x86_64__
    case SYS_open:
    case SYS_creat:
#endif
      files_.look(caller, blocked_);
      response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
      break;
    case SYS_socket:
      if (give_stand_in(listener_, notification, caller, blocked_)) return;
      response.error = -EACCES;
      break;
    case SYS_connect:
      response.error = -connect(caller);
      break;
    case SYS_bind:
    case SYS_sendto:
      note_address(caller, blocked_);
      response.error = -EACCES;
      break;
    default:
      response.error = -metadata_.answer(caller, blocked_);
  }
  ::ioctl(listener_, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

}  // namespace agentos::sandbox
