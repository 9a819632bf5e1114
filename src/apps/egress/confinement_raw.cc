// Limits, capabilities, Landlock without a single rule, and an allow-list of system calls.
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <vector>

#include "apps/egress/confinement.h"
#include "lib/sandbox/mechanism/credentials.h"
#include "lib/sandbox/mechanism/rlimits.h"

namespace agentos::egress {
namespace {

constexpr rlim_t kMemoryBytesMax = rlim_t{2} << 30;
constexpr rlim_t kDescriptorsMax = 16384;

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "name this machine's AUDIT_ARCH"
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSanitized = true;  // needs terabytes of address space
#else
constexpr bool kSanitized = false;
#endif
#else
constexpr bool kSanitized = false;
#endif

Status limit(int resource, rlim_t value) {
  rlimit limits{};
  if (::getrlimit(static_cast<__rlimit_resource_t>(resource), &limits) != 0) return fail_errno(errno, "getrlimit");
  limits.rlim_cur = limits.rlim_max = limits.rlim_max < value ? limits.rlim_max : value;
  if (::setrlimit(static_cast<__rlimit_resource_t>(resource), &limits) != 0) {
    return fail_errno(errno, "cannot set a limit");
  }
  return {};
}

// Every filesystem right of ABI 1 is handled and none granted; the filter below has no call for files in any case.
Status close_file_system() {
  struct {
    std::uint64_t handled_access_fs;
  } attribute{(1U << 13) - 1};
  const long ruleset = ::syscall(SYS_landlock_create_ruleset, &attribute, sizeof attribute, 0U);
  if (ruleset < 0) return fail_errno(errno, "cannot make a Landlock ruleset");
  const long result = ::syscall(SYS_landlock_restrict_self, static_cast<int>(ruleset), 0U);
  const int error = errno;
  ::close(static_cast<int>(ruleset));
  return result == 0 ? Status{} : Status(fail_errno(error, "cannot apply Landlock"));
}

sock_filter load(std::size_t offset) { return {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(offset)}; }
sock_filter verdict(std::uint32_t value) { return {BPF_RET | BPF_K, 0, 0, value}; }
sock_filter jump_equal(std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
  return {BPF_JMP | BPF_JEQ | BPF_K, yes, no, value};
}

void allow_without_exec(std::vector<sock_filter>& code, std::uint32_t number) {
  code.push_back(jump_equal(number, 0, 4));
  code.push_back(load(offsetof(seccomp_data, args) + 8 * 2));
  code.push_back({BPF_JMP | BPF_JSET | BPF_K, 1, 0, PROT_EXEC});
  code.push_back(verdict(SECCOMP_RET_ALLOW));
  code.push_back(verdict(SECCOMP_RET_KILL_PROCESS));
}

void allow_internet_socket(std::vector<sock_filter>& code) {
  code.push_back(jump_equal(SYS_socket, 0, 5));
  code.push_back(load(offsetof(seccomp_data, args)));
  code.push_back(jump_equal(AF_INET, 1, 0));
  code.push_back(jump_equal(AF_INET6, 0, 1));
  code.push_back(verdict(SECCOMP_RET_ALLOW));
  code.push_back(verdict(SECCOMP_RET_KILL_PROCESS));
}

std::vector<sock_filter> proxy_filter() {
  constexpr std::uint32_t kAllowed[] = {
      SYS_recvfrom,
      SYS_sendto,
      SYS_recvmsg,
      SYS_sendmsg,
      SYS_read,
      SYS_write,
      SYS_close,
      SYS_connect,
      SYS_shutdown,
      SYS_getsockopt,
      SYS_setsockopt,
      SYS_getsockname,
      SYS_getpeername,
      SYS_epoll_ctl,
      SYS_epoll_pwait,
      SYS_eventfd2,
      SYS_getrandom,
      SYS_clock_gettime,
      SYS_brk,
      SYS_munmap,
      SYS_mremap,
      SYS_madvise,
      SYS_futex,
      SYS_rt_sigreturn,
      SYS_exit_group,
      SYS_exit,
      SYS_getpid,
      SYS_gettid,
      SYS_restart_syscall,
      SYS_sched_yield,
      SYS_fcntl,
#ifdef SYS_epoll_wait
      SYS_epoll_wait,
#endif
  };
  std::vector<sock_filter> code;
  code.push_back(load(offsetof(seccomp_data, arch)));
  code.push_back(jump_equal(kArchitecture, 1, 0));
  code.push_back(verdict(SECCOMP_RET_KILL_PROCESS));
  code.push_back(load(offsetof(seccomp_data, nr)));
  for (const std::uint32_t number : kAllowed) {
    code.push_back(jump_equal(number, 0, 1));
    code.push_back(verdict(SECCOMP_RET_ALLOW));
  }
  allow_internet_socket(code);
  allow_without_exec(code, SYS_mmap);
  allow_without_exec(code, SYS_mprotect);
  if (kSanitized) {
    // UBSan asks through a pipe whether memory can be read.
    for (const std::uint32_t number : {SYS_sigaltstack, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_tgkill, SYS_pipe2}) {
      code.push_back(jump_equal(number, 0, 1));
      code.push_back(verdict(SECCOMP_RET_ALLOW));
    }
  }
  code.push_back(verdict(SECCOMP_RET_KILL_PROCESS));
  return code;
}

}  // namespace

Status confine() {
  TRY(limit(RLIMIT_NOFILE, kDescriptorsMax));
  if (!kSanitized) TRY(limit(RLIMIT_AS, kMemoryBytesMax));
  TRY(limit(RLIMIT_CORE, sandbox::core_dump_limit()));
  TRY(limit(RLIMIT_FSIZE, 0));
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return fail_errno(errno, "cannot forbid tracing");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno(errno, "cannot set no_new_privs");
  if (const int error = sandbox::drop_capabilities(sandbox::kSameUser); error != 0)
    return fail_errno(error, "cannot drop capabilities");
  TRY(close_file_system());
  std::vector<sock_filter> code = proxy_filter();
  const sock_fprog program{.len = static_cast<unsigned short>(code.size()), .filter = code.data()};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, &program) != 0)
    return fail_errno(errno, "cannot install a filter");
  return {};
}

}  // namespace agentos::egress
