// One seccomp notification: received, answered, sent back. Only executions and openings go on; they are not decided
// here.
#include "apps/init/filter_questions.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>

#include "apps/init/socket_refusals.h"

namespace agentos::sandbox {
namespace {

// Linux 6.6: the caller runs on the same processor right after the answer. Older ones refuse it, which is all right.
constexpr unsigned long kSetFlags = SECCOMP_IOW(4, __u64);
constexpr unsigned long kWakeUpInTurn = 1;

}  // namespace

// Every other thread blocks every signal, so the timer's meets this one.
int FilterQuestions::answer_in_a_thread(int listener) {
  listener_ = listener;
  ::ioctl(listener, kSetFlags, kWakeUpInTurn);
  struct sigaction nothing{};
  nothing.sa_handler = [](int) {};  // no SA_RESTART: it interrupts
  if (::sigaction(SIGALRM, &nothing, nullptr) != 0) return errno;
  pthread_t thread;
  const int error = ::pthread_create(&thread, nullptr, &FilterQuestions::run, this);
  if (error == 0) ::pthread_detach(thread);
  return error;
}

void* FilterQuestions::run(void* self) {
  sigset_t alarm;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  ::pthread_sigmask(SIG_UNBLOCK, &alarm, nullptr);
  static_cast<FilterQuestions*>(self)->answer_all();
  return nullptr;
}

void FilterQuestions::interrupt_after(int first_ms) {
  const itimerval limit{{0, first_ms == 0 ? 0 : kAgainMs * 1000}, {first_ms / 1000, first_ms % 1000 * 1000}};
  ::setitimer(ITIMER_REAL, &limit, nullptr);
}

void FilterQuestions::answer_all() {
  for (;;) {
    pollfd watched{listener_, POLLIN, 0};
    if (::poll(&watched, 1, -1) < 0 && errno != EINTR) break;
    if ((watched.revents & POLLIN) != 0) {
      answer_one();
    } else if (watched.revents != 0) {
      break;  // nobody uses the filter any more
    }
  }
  ::close(listener_);
}

int FilterQuestions::connect(const Caller& caller) {
  const bool proxied = (plan_.header.flags & kProxied) != 0;
  const int answer = proxied ? connections_.answer(caller) : EACCES;
  if (answer != EACCES && answer != EAFNOSUPPORT) return answer;
  note_address(caller, blocked_);
  return EACCES;
}

int FilterQuestions::answer(const Caller& caller, bool& goes_on) {
  switch (caller.number()) {
    case SYS_execve:
    case SYS_execveat:
    case SYS_openat:
#ifdef __x86_64__
    case SYS_open:
    case SYS_creat:
#endif
      files_.look(caller, blocked_);
      goes_on = true;
      return 0;
    case SYS_connect:
      return connect(caller);
    case SYS_bind:
    case SYS_sendto:
      note_address(caller, blocked_);
      return EACCES;
    default:
      return metadata_.answer(caller, blocked_);
  }
}

void FilterQuestions::answer_one() {
  seccomp_notif notification{};
  if (::ioctl(listener_, SECCOMP_IOCTL_NOTIF_RECV, &notification) != 0) return;
  const Caller caller(listener_, notification);
  seccomp_notif_resp response{};
  response.id = notification.id;
  bool goes_on = false;
  int error = EACCES;
  interrupt_after(kAnswerMsMax);
  const bool given = caller.number() == SYS_socket && give_stand_in(listener_, notification, caller, blocked_);
  if (caller.number() != SYS_socket) error = answer(caller, goes_on);
  interrupt_after(0);
  if (given) return;
  response.error = goes_on ? 0 : -(error == EINTR ? ETIMEDOUT : error);
  response.flags = goes_on ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0;
  ::ioctl(listener_, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

}  // namespace agentos::sandbox
